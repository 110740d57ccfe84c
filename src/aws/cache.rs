//! A cache for `--format process`: the AWS CLI runs its `credential_process` once a command and keeps nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use sha2::{Digest, Sha256};

use super::{Credentials, Request, process};
use crate::emit;
use crate::error::{Error, Exit, Usage};
use crate::host::{Clock, Env};
use crate::http::retry::Deadline;
use crate::state::{self, Directory, NewFile};
use crate::subject::SubjectToken;

/// Credentials are renewed while they still have this long to live.
const EARLY: Duration = Duration::from_mins(5);

/// An answer that is larger than this is none.
const LARGEST: u64 = 1 << 20;

/// Where the SDK finds the endpoint, and so what may change who answers.
const ENDPOINT: [&str; 8] = [
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
];

/// What the cache knows before there is a token.
#[derive(Debug, PartialEq, Eq)]
pub struct Cache {
    endpoint: Vec<String>,
    kept: bool,
}

/// One answer's place: a digest of all that could change it, from which nothing can be read back.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry(String);

impl Cache {
    /// For this environment. Without a directory that later commands find again, nothing is kept.
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn new(env: &Env) -> Result<Self, Usage> {
        let value = |name: &&str| env.raw(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { endpoint: ENDPOINT.iter().map(value).collect(), kept: state::StateDir::locate(env)?.is_lasting() })
    }

    /// Whether answers are kept at all.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// The place for what `request` and `token` would bring.
    #[must_use]
    pub fn entry(&self, request: &Request, token: &SubjectToken) -> Option<Entry> {
        if !self.kept {
            tracing::warn!(
                "neither SEMAPHORE_JOB_ID nor OIDC_EXCHANGE_DIR names a directory to keep credentials in: every call asks AWS STS"
            );
            return None;
        }
        let mut digest = Sha256::new();
        let mut part = |kind: &str, text: &str| {
            for text in [kind, text] {
                digest.update(text.len().to_le_bytes());
                digest.update(text);
            }
        };
        part("token", token.jwt().reveal());
        part("role", request.role.as_str());
        part("session", request.session_name.as_str());
        part("region", request.sts_region.as_str());
        if let Some(duration) = request.duration {
            part("duration", &duration.seconds().to_string());
        }
        if let Some(policy) = &request.policy {
            part("policy", policy.as_str());
        }
        request.policy_arns.iter().for_each(|arn| part("policy-arn", arn.as_str()));
        for hop in &request.chain {
            part("hop", hop.role.as_str());
            part("external-id", hop.external_id.as_ref().map_or("", |id| id.as_str()));
        }
        if let Some(identity) = &request.source_identity {
            part("source-identity", identity.as_str());
        }
        for tag in &request.tags {
            part(&tag.key, &tag.value);
        }
        request.guard.allowed.iter().for_each(|account| part("account", account.as_str()));
        part("verify", if request.guard.verify { "yes" } else { "no" });
        self.endpoint.iter().for_each(|value| part("endpoint", value));
        Some(Entry(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest.finalize())))
    }
}

impl Entry {
    fn path(&self, directory: &Directory) -> PathBuf {
        directory.path().join(format!("aws-{}.json", self.0))
    }

    /// Keeps credentials for whoever asks for the same next.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn put(&self, directory: &state::StateDir, credentials: &Credentials) -> Result<(), emit::Error> {
        let directory = directory.open()?;
        write(&self.path(&directory), &directory, credentials).await
    }
}

/// The cached credentials where they are fresh, else those that `exchange` brings; one process at a time asks.
///
/// Where AWS cannot be reached, credentials that are no longer fresh are handed out as long as they live.
///
/// # Errors
/// Those of `exchange`, or that the private directory cannot be used.
pub(super) async fn through(
    entry: Option<Entry>,
    directory: &state::StateDir,
    clock: &Clock,
    deadline: Deadline,
    exchange: impl AsyncFnOnce() -> Result<Credentials, Error>,
) -> Result<Credentials, Error> {
    let Some(entry) = entry else { return exchange().await };
    let place = directory;
    let directory = place.open()?;
    let path = entry.path(&directory);
    if let Some(fresh) = read(&path, clock, EARLY) {
        return Ok(fresh);
    }
    let _lock = place.lock(&path.with_extension("lock"), deadline.remaining()).await?;
    // Whoever held the lock has most likely renewed them.
    if let Some(fresh) = read(&path, clock, EARLY) {
        return Ok(fresh);
    }
    match exchange().await {
        Ok(credentials) => {
            if let Err(error) = write(&path, &directory, &credentials).await {
                tracing::warn!("{}; the next call asks AWS STS again", error);
            }
            Ok(credentials)
        }
        Err(error) if error.exit() == Exit::Unreachable => match read(&path, clock, Duration::ZERO) {
            Some(living) => {
                tracing::warn!("AWS STS: {}; the credentials from before still live", error.report().first("said"));
                Ok(living)
            }
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// What is there, where it lives longer than `margin` from now. What cannot be read counts as absent.
fn read(path: &Path, clock: &Clock, margin: Duration) -> Option<Credentials> {
    let found = process::parse(&state::read_private(path, LARGEST).ok()?)?;
    (found.expiration > clock.now() + margin).then_some(found)
}

async fn write(path: &Path, directory: &Directory, credentials: &Credentials) -> Result<(), emit::Error> {
    let text = process::answer(credentials)?;
    let mut file = NewFile::beside(path)?;
    directory.record(&mut file, text.reveal().as_bytes()).await?;
    file.fill(text.reveal().as_bytes())?;
    Ok(file.put()?)
}
