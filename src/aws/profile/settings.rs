//! The settings of a profile: keys, or how to get them.

use std::path::Path;

use super::Profile;
use super::ini::Setting;
use crate::aws::{Credentials, Request, token_file, words};
use crate::emit::{self, ini::Value};
use crate::secret::Secret;
use crate::shell::posix;
use crate::state::NewFiles;
use crate::subject::SubjectToken;

/// The settings for each file; an empty list if the file is not used.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) credentials: Vec<Setting>,
    pub(super) config: Vec<Setting>,
}

/// A setting, if the file format can express its value.
fn setting(key: &'static str, text: impl Into<String>) -> Result<Setting, emit::Error> {
    Value::new(key, text).map(|value| (key, value))
}

/// The settings for static keys.
///
/// # Errors
/// If the file format cannot express a value: a server chose it.
pub(super) fn keys(request: &Request, credentials: &Credentials) -> Result<Settings, emit::Error> {
    const ANOTHER_SERVER: &str =
        "AWS STS sends no such value: check AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL and the proxy";
    let received = |key, text: &str| setting(key, text).map_err(|error| error.ini_hint(ANOTHER_SERVER));
    Ok(Settings {
        credentials: vec![
            received("aws_access_key_id", &credentials.access_key_id)?,
            received("aws_secret_access_key", credentials.secret_access_key.reveal())?,
            received("aws_session_token", credentials.session_token.reveal())?,
            received("aws_account_id", credentials.account.as_str())?,
        ],
        config: region(request)?,
    })
}

/// The settings as known before the exchange: their names, and the region.
///
/// # Errors
/// If the file format cannot express the region.
pub(super) fn foreseen(profile: &Profile, request: &Request) -> Result<Settings, emit::Error> {
    // An existing value of one of these keys is a conflict, for any value.
    let later = |key| setting(key, "known after the exchange").map(|setting| vec![setting]);
    let (credentials, mut config) = match (profile.refreshable, needs_process(request)) {
        (false, _) => (later("aws_access_key_id")?, Vec::new()),
        (true, true) => (later("credential_process")?, Vec::new()),
        (true, false) => (Vec::new(), later("role_arn")?),
    };
    config.extend(region(request)?);
    Ok(Settings { credentials, config })
}

/// Whether the SDKs' own renewal does not support the request.
pub(super) fn needs_process(request: &Request) -> bool {
    request.policy.is_some()
        || !request.policy_arns.is_empty()
        || request.duration.is_some()
        || !request.chain.is_empty()
}

/// The settings that make SDKs renew: a token file, or this program as the `credential_process`. The files that they
/// name are added to `made`.
///
/// # Errors
/// If a file cannot be made, or a profile cannot express a value.
pub(super) async fn renewing(
    profile: &Profile,
    request: &Request,
    token: &SubjectToken,
    made: &mut NewFiles,
) -> Result<Settings, emit::Error> {
    const CHOOSE: &str = "a path or an option of this command has it: use another";
    let chosen = |key, text: String| setting(key, text).map_err(|error| error.ini_hint(CHOOSE));
    let token_file = token_file::new(token, made).await?;
    if needs_process(request) {
        // Some tools read this setting only from the credentials file. Every SDK reads it there.
        let line = process_line(profile, request, &token_file, made).await?;
        return Ok(Settings { credentials: vec![chosen("credential_process", line)?], config: region(request)? });
    }
    token_file::warn_without_region(request);
    let mut config = vec![
        chosen("role_arn", request.role.as_str().to_owned())?,
        chosen("role_session_name", request.session_name.as_str().to_owned())?,
        chosen("web_identity_token_file", emit::text_of(&token_file)?)?,
    ];
    config.extend(region(request)?);
    Ok(Settings { credentials: Vec::new(), config })
}

fn region(request: &Request) -> Result<Vec<Setting>, emit::Error> {
    request.region.iter().map(|region| setting("region", region.as_str())).collect()
}

/// The command line that repeats the request. Some SDKs run it in a shell, others split it themselves; both accept
/// POSIX quotes.
async fn process_line(
    profile: &Profile,
    request: &Request,
    token_file: &Path,
    made: &mut NewFiles,
) -> Result<String, emit::Error> {
    let own = std::env::current_exe().map_err(|error| emit::Error::write("credential_process", error))?;
    let own = emit::text_of(&own)?;
    let mut words = vec!["env".to_owned(), format!("OIDC_EXCHANGE_DIR={}", emit::text_of(made.path())?)];
    // env would set a variable in place of a program with `=` in its path.
    if own.contains('=') {
        words.extend(["sh", "-c", "exec \"$0\" \"$@\""].map(str::to_owned));
    }
    words.extend([own, "aws".to_owned()]);
    let mut option = |name: &str, value: &str| words.extend([format!("--{name}"), value.to_owned()]);
    option("format", "process");
    option("token-file", &emit::text_of(token_file)?);
    if let Some(policy) = &request.policy {
        // The policy is in a file, because it may contain characters that end a line of the profile.
        let file = made.file("aws-policy", |_| Ok(Secret::new(policy.as_str().to_owned()))).await?;
        option("policy", &format!("@{}", emit::text_of(&file)?));
    }
    words.extend(words::options(request));
    if let Some(certificates) = &profile.ca_file {
        // The user's file may be a pipe, or be deleted before the renewal.
        let file = made.file("aws-ca", |_| Ok(Secret::new(certificates.pem()))).await?;
        words.extend(["--ca-file".into(), emit::text_of(&file)?]);
    }
    if let Some(host) = &profile.allow_http {
        words.extend(["--allow-http".into(), host.clone()]);
    }
    let plain = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:@+,".contains(&byte))
    };
    let quoted: Vec<String> =
        words.iter().map(|word| if plain(word) { word.clone() } else { posix::quote(word) }).collect();
    Ok(quoted.join(" "))
}
