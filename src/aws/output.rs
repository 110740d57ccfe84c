//! How the job gets the credentials: as variables, as a `credential_process` answer, as a token file that SDKs use to
//! renew them, or as a profile.

use super::{Credentials, Eks, Profile, Request, exchange, kubernetes, process, question, token_file};
use crate::cache;
use crate::cloud::Given;
use crate::emit::{self, Content, Exports, Names};
use crate::error::Error;
use crate::shell::Name;
use crate::state::{self, NewFiles};
use crate::subject::SubjectToken;

/// The kinds of output.
#[derive(Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// Keys in variables with names that start with `prefix`.
    Keys {
        /// `--env-prefix`; empty for the names that SDKs use.
        prefix: String,
    },
    /// An answer to the program that runs this one as its `credential_process`.
    Process,
    /// A token for an EKS cluster, for the Kubernetes client that runs this program.
    Kubernetes(Eks),
    /// A file with the token, and the variables that make SDKs exchange it themselves.
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

/// Variables that botocore and the SDKs would prefer to the new credentials, or that make them fail.
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

/// The variables that hold the credentials. The failure output and `clean` unset them.
#[must_use]
pub fn credential_names() -> Vec<Name> {
    prefixed_names("")
}

/// The variables that hold the credentials if each name starts with `prefix`, the value of `--env-prefix`.
#[must_use]
pub fn prefixed_names(prefix: &str) -> Vec<Name> {
    KEYS.iter().filter_map(|name| Name::new(&format!("{prefix}{name}"))).collect()
}

/// The variables for `--refreshable`: those of [`credential_names`], and the one with the path of the token file.
#[must_use]
pub fn refreshable_names() -> Vec<Name> {
    let mut names = credential_names();
    names.push(Name::fixed(TOKEN_FILE));
    names
}

/// The variables that `mode` sets and unsets.
#[must_use]
pub fn names(request: &Request, mode: &OutputMode) -> Names {
    let region = || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().filter(|_| request.region.is_some());
    let fixed = |names: Vec<&'static str>| names.into_iter().map(Name::fixed).collect();
    match mode {
        OutputMode::Keys { prefix } => Names {
            set: KEYS.into_iter().chain(region()).filter_map(|name| Name::new(&format!("{prefix}{name}"))).collect(),
            removed: beaten_by_keys(prefix),
        },
        OutputMode::Refreshable => Names {
            set: fixed([TOKEN_FILE, "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"].into_iter().chain(region()).collect()),
            removed: beaten_by_file(),
        },
        OutputMode::Process | OutputMode::Kubernetes(_) | OutputMode::Profile(_) => Names::default(),
    }
}

/// Names with a prefix are for other programs: the variables of SDKs stay unchanged.
fn beaten_by_keys(prefix: &str) -> Vec<Name> {
    if prefix.is_empty() { BEATS_THEM.map(Name::fixed).to_vec() } else { Vec::new() }
}

/// Every SDK prefers static keys to the token file.
fn beaten_by_file() -> Vec<Name> {
    let others = BEATS_THEM.into_iter().filter(|name| *name != TOKEN_FILE);
    KEYS.into_iter().chain(others).map(Name::fixed).collect()
}

/// Gets the credentials for `request`. For a tool that keeps nothing between its runs, kept ones are returned while
/// they are fresh.
///
/// # Errors
/// As [`exchange::exchange`], or if a requested profile could not be written.
pub async fn credentials(request: &Request, mode: &OutputMode, given: &Given<'_>) -> Result<Credentials, Error> {
    match mode {
        OutputMode::Keys { .. } | OutputMode::Refreshable => exchange::exchange(request, given).await,
        OutputMode::Profile(profile) => {
            profile.foresee(request, given.place).await?;
            exchange::exchange(request, given).await
        }
        OutputMode::Process | OutputMode::Kubernetes(_) => {
            let cluster = if let OutputMode::Kubernetes(eks) = mode { Some(&eks.cluster) } else { None };
            let key = question::key(request, cluster, given.token, &given.host.env);
            let exchange = async || exchange::exchange(request, given).await;
            cache::through(&key, given.place, &given.host.clock, given.deadline, exchange).await
        }
    }
}

/// The result of `credentials` for the job, with the private files that it refers to.
///
/// # Errors
/// If a file cannot be written.
pub async fn content(
    request: &Request,
    mode: &OutputMode,
    credentials: &Credentials,
    given: &Given<'_>,
) -> Result<(Content, Option<NewFiles>), Error> {
    match mode {
        OutputMode::Keys { prefix } => Ok((Content::Variables(keys(request, credentials, prefix)?), None)),
        OutputMode::Process => Ok((Content::Answer(process::answer(credentials)?), None)),
        OutputMode::Kubernetes(eks) => {
            let answer = kubernetes::answer(eks, request, credentials, given.host.clock.now())?;
            Ok((Content::Answer(answer), None))
        }
        OutputMode::Refreshable => {
            token_file::warn_without_region(request);
            let (exports, files) = refreshable(request, given.token, given.place).await?;
            Ok((Content::Variables(exports), Some(files)))
        }
        OutputMode::Profile(profile) => {
            profile.write(request, credentials, given).await?;
            Ok((Content::Variables(Exports::default()), None))
        }
    }
}

fn keys(request: &Request, credentials: &Credentials, prefix: &str) -> Result<Exports, emit::Error> {
    let mut exports = Exports::new(beaten_by_keys(prefix));
    let expiration = humantime::format_rfc3339_seconds(credentials.expiration).to_string();
    let mut set = |name: &str, value: &str| match Name::new(&format!("{prefix}{name}")) {
        Some(own) if !prefix.is_empty() && KEYS.contains(&name) => exports.set_chosen(own, value.to_owned()),
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

async fn refreshable(
    request: &Request,
    token: &SubjectToken,
    directory: &state::StateDir,
) -> Result<(Exports, NewFiles), emit::Error> {
    let mut exports = Exports::new(beaten_by_file());
    let mut files = directory.open()?.new_files();
    let file = token_file::new(token, &mut files).await?;
    exports.set(Name::fixed(TOKEN_FILE), emit::text_of(&file)?)?;
    exports.set(Name::fixed("AWS_ROLE_ARN"), request.role.as_str().to_owned())?;
    exports.set(Name::fixed("AWS_ROLE_SESSION_NAME"), request.session_name.as_str().to_owned())?;
    if let Some(region) = &request.region {
        exports.set(Name::fixed("AWS_REGION"), region.as_str().to_owned())?;
        exports.set(Name::fixed("AWS_DEFAULT_REGION"), region.as_str().to_owned())?;
    }
    Ok((exports, files))
}
