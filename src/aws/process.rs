//! The output format of a `credential_process`
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).

use serde::Serialize;
use serde_json::Value;

use super::{AccountId, Credentials};
use crate::cache::{Entry, Kept};
use crate::emit::{self, json};
use crate::error::Error;
use crate::secret::Secret;

/// The fields have the order of that page.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: String,
    account_id: &'a str,
}

/// Makes the output.
///
/// # Errors
/// If the JSON text cannot be made.
pub fn answer(credentials: &Credentials) -> Result<Secret, emit::Error> {
    json::text(&Answer {
        version: 1,
        access_key_id: &credentials.access_key_id,
        secret_access_key: credentials.secret_access_key.reveal(),
        session_token: credentials.session_token.reveal(),
        expiration: humantime::format_rfc3339_seconds(credentials.expiration).to_string(),
        account_id: credentials.account.as_str(),
    })
    .map(Secret::new)
}

impl Kept for Credentials {
    fn read(entry: &Entry) -> Option<Self> {
        parse(entry.secret.reveal())
    }

    fn entry(&self) -> Result<Entry, Error> {
        Ok(Entry { secret: answer(self)?, expires: self.expiration })
    }
}

/// Parses such an output; `None` if it is invalid or incomplete.
#[must_use]
pub fn parse(text: &str) -> Option<Credentials> {
    let value: Value = serde_json::from_str(text).ok()?;
    let member = |name: &str| value.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Credentials {
        access_key_id: member("AccessKeyId")?,
        secret_access_key: Secret::new(member("SecretAccessKey")?),
        session_token: Secret::new(member("SessionToken")?),
        expiration: humantime::parse_rfc3339(&member("Expiration")?).ok()?,
        account: AccountId::new(&member("AccountId")?)?,
        confirmed: true,
    })
}
