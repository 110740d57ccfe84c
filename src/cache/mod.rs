//! What one run keeps for the next one that asks for the same: a secret text and its end, in a 0600 file of the private
//! directory.
//!
//! Tools such as the AWS CLI run this program once for each of their commands, and keep nothing themselves.

mod entry;
mod failure;
mod key;

pub use entry::Entry;
pub use key::{Key, Question};

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Exit};
use crate::host::Clock;
use crate::http::retry::Deadline;
use crate::input;
use crate::state::{self, Directory, NewFile, StateDir};

/// How long a private file may take to be read, if no more time is left.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A file that is larger than this is none of ours.
const LARGEST: u64 = 1 << 20;

/// What can be kept.
pub trait Kept: Sized {
    /// Reads what [`Kept::entry`] wrote; none if `entry` is not of this kind, or not whole.
    fn read(entry: &Entry) -> Option<Self>;

    /// What is kept of it.
    ///
    /// # Errors
    /// When it cannot be written as a text.
    fn entry(&self) -> Result<Entry, Error>;
}

/// What is kept under `key` where it is fresh, else what `fetch` brings, which is then kept; one process at a time
/// fetches. Without a directory that later commands find again, nothing is kept.
///
/// Where the provider cannot be reached, what is no longer fresh serves as long as it lives. If the key has failures
/// remembered, a failure of the last 10 seconds is returned again, in short, and nothing is fetched.
///
/// # Errors
/// Those of `fetch`, now or a moment ago, or that the private directory cannot be used.
pub async fn through<T: Kept>(
    key: &Key,
    place: &StateDir,
    clock: &Clock,
    deadline: Deadline,
    fetch: impl AsyncFnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let provider = key.provider();
    if !place.is_lasting() {
        tracing::warn!(
            "neither SEMAPHORE_JOB_ID nor OIDC_EXCHANGE_DIR names a directory to keep credentials in: every call asks {provider}"
        );
        return fetch().await;
    }
    let directory = place.open()?;
    let path = path(&directory, key);
    if let Some(fresh) = read(&path, clock, key.early(), deadline).await {
        return Ok(fresh);
    }
    let _lock = place.lock(&path.with_extension("lock"), deadline.remaining()).await?;
    // Whoever held the lock has most likely renewed it.
    if let Some(fresh) = read(&path, clock, key.early(), deadline).await {
        return Ok(fresh);
    }
    let error = match remembered(key, &directory, clock, deadline).await {
        Some(error) => error,
        None => match fetch().await {
            Ok(fetched) => {
                let kept = async { Ok::<(), Error>(write(&path, &directory, &fetched.entry()?).await?) };
                if let Err(error) = kept.await {
                    tracing::warn!("{error}; the next call asks {provider} again");
                }
                return Ok(fetched);
            }
            Err(error) => {
                remember(key, &directory, clock, &error).await;
                error
            }
        },
    };
    if error.exit() == Exit::Unreachable
        && let Some(living) = read(&path, clock, Duration::ZERO, deadline).await
    {
        let said = error.report().first("said");
        tracing::warn!("{provider}: {said}; the credentials from before still live");
        return Ok(living);
    }
    Err(error)
}

/// The failure of a moment ago.
async fn remembered(key: &Key, directory: &Directory, clock: &Clock, deadline: Deadline) -> Option<Error> {
    let entry = if key.remembers_failures() { entry(&failure_path(directory, key), deadline).await } else { None };
    failure::read(&entry?, clock.now())
}

async fn remember(key: &Key, directory: &Directory, clock: &Clock, error: &Error) {
    let Some(entry) = failure::entry(error, clock.now()).filter(|_| key.remembers_failures()) else { return };
    // Without it, the next run takes as long as this one did.
    if let Err(unwritten) = write(&failure_path(directory, key), directory, &entry).await {
        tracing::warn!("{unwritten}; the next call asks {} again", key.provider());
    }
}

/// Keeps `entry` for whoever asks for the same next.
///
/// # Errors
/// When it cannot be written.
pub async fn put(key: &Key, place: &StateDir, entry: &Entry) -> Result<(), state::Error> {
    let directory = place.open()?;
    write(&path(&directory, key), &directory, entry).await
}

fn path(directory: &Directory, key: &Key) -> PathBuf {
    directory.path().join(key.file_name())
}

fn failure_path(directory: &Directory, key: &Key) -> PathBuf {
    path(directory, key).with_extension("failed")
}

/// What is there, where it lives longer than `margin` from now. What cannot be read counts as absent.
async fn read<T: Kept>(path: &Path, clock: &Clock, margin: Duration, deadline: Deadline) -> Option<T> {
    let entry = entry(path, deadline).await?;
    if entry.expires > clock.now() + margin { T::read(&entry) } else { None }
}

async fn entry(path: &Path, deadline: Deadline) -> Option<Entry> {
    let path = path.to_owned();
    // What is kept serves most where the provider was asked until the last moment.
    let read = input::apart(deadline.remaining().max(A_MOMENT), move |reader| {
        reader.by("the cache", &path, |path| state::read_private(path, LARGEST))
    });
    Entry::parse(&read.await.ok()?.ok()?)
}

async fn write(path: &Path, directory: &Directory, entry: &Entry) -> Result<(), state::Error> {
    let text = entry.text();
    let mut file = NewFile::beside(path)?;
    directory.record(&mut file, text.reveal().as_bytes()).await?;
    file.fill(text.reveal().as_bytes())?;
    file.put()
}
