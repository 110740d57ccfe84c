//! What a `credential_process` prints
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).

use serde_json::Value;

use super::{AccountId, Credentials};
use crate::emit::{Error, Exports};
use crate::secret::Secret;
use crate::shell::Name;

const ACCESS_KEY_ID: &str = "AccessKeyId";
const SECRET_ACCESS_KEY: &str = "SecretAccessKey";
const SESSION_TOKEN: &str = "SessionToken";
const EXPIRATION: &str = "Expiration";
const ACCOUNT_ID: &str = "AccountId";

/// The members, but for the version.
///
/// # Errors
/// When a value holds a NUL.
pub fn members(credentials: &Credentials) -> Result<Exports, Error> {
    let mut members = Exports::new(Vec::new());
    members.set(Name::fixed(ACCESS_KEY_ID), credentials.access_key_id.clone())?;
    members.set(Name::fixed(SECRET_ACCESS_KEY), credentials.secret_access_key.reveal().to_owned())?;
    members.set(Name::fixed(SESSION_TOKEN), credentials.session_token.reveal().to_owned())?;
    members.set(Name::fixed(EXPIRATION), humantime::format_rfc3339_seconds(credentials.expiration).to_string())?;
    members.set(Name::fixed(ACCOUNT_ID), credentials.account.to_string())?;
    Ok(members)
}

/// Reads such a text again; nothing where it is not one, or not whole.
#[must_use]
pub fn parse(text: &str) -> Option<Credentials> {
    let value: Value = serde_json::from_str(text).ok()?;
    let member = |name: &str| value.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Credentials {
        access_key_id: member(ACCESS_KEY_ID)?,
        secret_access_key: Secret::new(member(SECRET_ACCESS_KEY)?),
        session_token: Secret::new(member(SESSION_TOKEN)?),
        expiration: humantime::parse_rfc3339(&member(EXPIRATION)?).ok()?,
        account: AccountId::new(&member(ACCOUNT_ID)?)?,
        confirmed: true,
    })
}
