//! What a profile says: keys, or how to get them.

use std::path::Path;

use super::Profile;
use super::ini::Setting;
use crate::aws::{Credentials, Request};
use crate::emit;
use crate::job;
use crate::shell::posix;

/// The settings for each file; none for a file that has no part in it.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) credentials: Vec<Setting>,
    pub(super) config: Vec<Setting>,
}

/// Static keys.
pub(super) fn keys(request: &Request, credentials: &Credentials) -> Settings {
    Settings {
        credentials: vec![
            ("aws_access_key_id", credentials.access_key_id.clone()),
            ("aws_secret_access_key", credentials.secret_access_key.reveal().to_owned()),
            ("aws_session_token", credentials.session_token.reveal().to_owned()),
            ("aws_account_id", credentials.account.to_string()),
        ],
        config: region(request),
    }
}

/// The settings as far as they are known before the exchange: their names, and the region.
pub(super) fn foreseen(profile: &Profile, request: &Request) -> Settings {
    let later = |keys: &[&'static str]| keys.iter().map(|key| (*key, String::new())).collect::<Vec<_>>();
    let (credentials, mut config) = match (profile.refreshable, needs_process(request)) {
        (false, _) => (later(&["aws_access_key_id"]), Vec::new()),
        (true, true) => (Vec::new(), later(&["credential_process"])),
        (true, false) => (Vec::new(), later(&["role_arn"])),
    };
    config.extend(region(request));
    Settings { credentials, config }
}

/// Whether a renewal is more than SDKs know how to ask for.
pub(super) fn needs_process(request: &Request) -> bool {
    request.policy.is_some()
        || !request.policy_arns.is_empty()
        || request.duration.is_some()
        || !request.chain.is_empty()
}

/// Settings with which SDKs renew: their own for a token file, or this program as their `credential_process`.
pub(super) fn renewing(
    profile: &Profile,
    request: &Request,
    token_file: &Path,
    directory: &job::Place,
) -> Result<Settings, emit::Error> {
    let mut config = if needs_process(request) {
        vec![("credential_process", process_line(profile, request, token_file, directory)?)]
    } else {
        vec![
            ("role_arn", request.role.as_str().to_owned()),
            ("role_session_name", request.session_name.as_str().to_owned()),
            ("web_identity_token_file", emit::text_of(token_file)?),
        ]
    };
    config.extend(region(request));
    for (key, value) in &config {
        // The Rust SDK ends a value there; a line break would end it for all.
        if value.contains([' ', '\t']) && (value.contains(" #") || value.contains(" ;")) || value.contains(['\n', '\r'])
        {
            return Err(emit::Error::write(*key, "no profile can hold a value with ` #`, ` ;` or a line break in it"));
        }
    }
    Ok(Settings { credentials: Vec::new(), config })
}

fn region(request: &Request) -> Vec<Setting> {
    request.region.iter().map(|region| ("region", region.as_str().to_owned())).collect()
}

/// A command line that asks for the same again. Some SDKs run it in a shell and some split it themselves: both
/// understand POSIX quotes.
fn process_line(
    profile: &Profile,
    request: &Request,
    token_file: &Path,
    directory: &job::Place,
) -> Result<String, emit::Error> {
    let own = std::env::current_exe().map_err(|error| emit::Error::write("credential_process", error))?;
    let place = directory.open()?;
    let mut words = vec![
        "env".to_owned(),
        format!("OIDC_EXCHANGE_DIR={}", emit::text_of(place.path())?),
        emit::text_of(&own)?,
        "aws".to_owned(),
    ];
    let mut option = |name: &str, value: &str| words.extend([format!("--{name}"), value.to_owned()]);
    option("format", "process");
    option("token-file", &emit::text_of(token_file)?);
    option("role-arn", request.role.as_str());
    option("role-session-name", request.session_name.as_str());
    option("sts-region", request.sts_region.as_str());
    if let Some(duration) = request.duration {
        option("duration", &duration.seconds().to_string());
    }
    if let Some(policy) = &request.policy {
        // In a file of its own: a policy may hold what would end a profile's line.
        let file = place.file("aws-policy", |_| policy.as_str().to_owned())?;
        option("policy", &format!("@{}", emit::text_of(&file)?));
    }
    request.policy_arns.iter().for_each(|arn| option("policy-arn", arn.as_str()));
    let with_id = request.chain.iter().rposition(|hop| hop.external_id.is_some()).map_or(0, |last| last + 1);
    for (index, hop) in request.chain.iter().enumerate() {
        option("chain-role-arn", hop.role.as_str());
        if index < with_id {
            option("external-id", hop.external_id.as_ref().map_or("", |id| id.as_str()));
        }
    }
    if let Some(identity) = &request.source_identity {
        option("source-identity", identity.as_str());
    }
    request.tags.iter().for_each(|tag| option("session-tag", &format!("{}={}", tag.key, tag.value)));
    request.guard.allowed.iter().for_each(|account| option("allowed-account-id", account.as_str()));
    words.extend(request.guard.verify.then(|| "--verify".to_owned()));
    words.extend(profile.network.iter().cloned());
    let plain = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:@+,".contains(&byte))
    };
    let quoted: Vec<String> =
        words.iter().map(|word| if plain(word) { word.clone() } else { posix::quote(word) }).collect();
    Ok(quoted.join(" "))
}
