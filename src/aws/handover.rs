//! How the credentials reach the job: as variables, as a `credential_process` answer, as a token file from which SDKs
//! renew by themselves, or as a profile.

use super::cache::{self, Cache};
use super::{Credentials, Profile, Request, exchange, process};
use crate::emit::{self, Exports};
use crate::error::Error;
use crate::host::Host;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::shell::Name;
use crate::state::{self, NewFiles};
use crate::subject::SubjectToken;

/// The ways.
#[derive(Debug, PartialEq, Eq)]
pub enum Handover {
    /// The keys, in variables whose names begin with `prefix`.
    Keys {
        /// `--env-prefix`; empty for the names that SDKs read.
        prefix: String,
    },
    /// An answer to the program that runs this one as its `credential_process`.
    Process(Cache),
    /// The token in a file, and the variables with which SDKs trade it themselves.
    Refreshable,
    /// A profile in the shared files.
    Profile(Profile),
}

const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
const CREDENTIAL_EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";
const ACCOUNT_ID: &str = "AWS_ACCOUNT_ID";
const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const KEYS: [&str; 5] = [ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, CREDENTIAL_EXPIRATION, ACCOUNT_ID];

/// What botocore and the SDKs would take in place of the new credentials, or stumble over.
const BEATS_THEM: [&str; 9] = [
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CREDENTIAL_FILE",
    TOKEN_FILE,
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The variables that hold the credentials, which a failure and `clean` remove.
#[must_use]
pub fn credential_names() -> Vec<Name> {
    prefixed_names("")
}

/// The same under `--env-prefix`.
#[must_use]
pub fn prefixed_names(prefix: &str) -> Vec<Name> {
    KEYS.iter().filter_map(|name| Name::new(&format!("{prefix}{name}"))).collect()
}

/// The same for `--refreshable`, whose token file must go too.
#[must_use]
pub fn refreshable_names() -> Vec<Name> {
    let mut names = credential_names();
    names.push(Name::fixed(TOKEN_FILE));
    names
}

/// Trades the token as `request` says, and makes ready what `handover` names.
///
/// # Errors
/// As [`exchange::credentials`], or when a file cannot be written.
pub async fn trade(
    (request, handover): (&Request, &Handover),
    token: &SubjectToken,
    http: &Client,
    host: &Host,
    deadline: Deadline,
    directory: &state::StateDir,
) -> Result<(Exports, Option<NewFiles>), Error> {
    let exchange = async || exchange::credentials(request, token, http, &host.clock, deadline).await;
    match handover {
        Handover::Keys { prefix } => Ok((keys(request, &exchange().await?, prefix)?, None)),
        Handover::Process(cache) => {
            let entry = cache.entry(request, token);
            let credentials = cache::through(entry, directory, &host.clock, deadline, exchange).await?;
            Ok((process::members(&credentials)?, None))
        }
        Handover::Refreshable => {
            exchange().await?;
            let (exports, files) = refreshable(request, token, directory).await?;
            Ok((exports, Some(files)))
        }
        Handover::Profile(profile) => {
            profile.foresee(request)?;
            let credentials = exchange().await?;
            profile.write(request, &credentials, token, directory).await?;
            Ok((Exports::default(), None))
        }
    }
}

fn keys(request: &Request, credentials: &Credentials, prefix: &str) -> Result<Exports, emit::Error> {
    // Prefixed names are for programs that look for them: what SDKs find by themselves is left alone.
    let unset = if prefix.is_empty() { BEATS_THEM.map(Name::fixed).to_vec() } else { Vec::new() };
    let mut exports = Exports::new(unset);
    let expiration = humantime::format_rfc3339_seconds(credentials.expiration).to_string();
    let mut set = |name: &str, value: &str| match Name::new(&format!("{prefix}{name}")) {
        Some(name) => exports.set(name, value.to_owned()),
        None => Ok(()),
    };
    set(ACCESS_KEY_ID, &credentials.access_key_id)?;
    set(SECRET_ACCESS_KEY, credentials.secret_access_key.reveal())?;
    set(SESSION_TOKEN, credentials.session_token.reveal())?;
    set(CREDENTIAL_EXPIRATION, &expiration)?;
    set(ACCOUNT_ID, credentials.account.as_str())?;
    if let Some(region) = &request.region {
        set("AWS_REGION", region.as_str())?;
        set("AWS_DEFAULT_REGION", region.as_str())?;
    }
    Ok(exports)
}

/// Static keys would beat the token file in every SDK's chain, and so are removed.
async fn refreshable(
    request: &Request,
    token: &SubjectToken,
    directory: &state::StateDir,
) -> Result<(Exports, NewFiles), emit::Error> {
    let unset = KEYS.iter().chain(BEATS_THEM.iter().filter(|name| **name != TOKEN_FILE));
    let mut exports = Exports::new(unset.copied().map(Name::fixed).collect());
    let mut files = directory.open()?.new_files();
    let file = files.file(TOKEN_STEM, |_| Ok(token.jwt().clone())).await?;
    exports.set(Name::fixed(TOKEN_FILE), emit::text_of(&file)?)?;
    exports.set(Name::fixed("AWS_ROLE_ARN"), request.role.as_str().to_owned())?;
    exports.set(Name::fixed("AWS_ROLE_SESSION_NAME"), request.session_name.as_str().to_owned())?;
    if let Some(region) = &request.region {
        exports.set(Name::fixed("AWS_REGION"), region.as_str().to_owned())?;
        exports.set(Name::fixed("AWS_DEFAULT_REGION"), region.as_str().to_owned())?;
    }
    Ok((exports, files))
}

/// How the names of files with the token start. SDKs send such a file as it is: without a line break.
pub(super) const TOKEN_STEM: &str = "aws-token";
