//! Keeps a secret text and its expiry for later runs with the same request. The 0600 file is in the private directory.
//!
//! Tools such as the AWS CLI run this program once for each of their commands, and keep no credentials themselves.

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

/// The timeout for reading a private file if the deadline has passed.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A larger file is not from this program.
const LARGEST: u64 = 1 << 20;

/// A type that can be kept.
pub trait Kept: Sized {
    /// Parses the text of [`Kept::entry`]; `None` if it is of another kind, or incomplete.
    fn read(entry: &Entry) -> Option<Self>;

    /// The entry for it.
    ///
    /// # Errors
    /// If it cannot be written as text.
    fn entry(&self) -> Result<Entry, Error>;
}

/// Returns the entry under `key` if it is fresh. Otherwise calls `fetch`, and keeps the result; one process at a time
/// does this. Without a directory that later commands find, nothing is kept.
///
/// If the provider cannot be reached, an old entry is used until it expires. If the key keeps failures, a failure of
/// the last 10 seconds is returned as a short text. No call is made.
///
/// # Errors
/// Those of `fetch`, now or within 10 seconds, or if the private directory cannot be used.
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
        return Box::pin(fetch()).await;
    }
    let directory = place.open()?;
    let path = path(&directory, key);
    if let Some(fresh) = read(&path, clock, key.early(), deadline).await {
        return Ok(fresh);
    }
    let _lock = place.lock(&path.with_extension("lock"), deadline.remaining()).await?;
    // The previous holder of the lock has probably renewed it.
    if let Some(fresh) = read(&path, clock, key.early(), deadline).await {
        return Ok(fresh);
    }
    let error = match remembered(key, &directory, clock, deadline).await {
        Some(error) => error,
        // In a box, because most calls find an entry and never make this future.
        None => match Box::pin(fetch()).await {
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
        tracing::warn!("{provider}: {said}; the earlier credentials are still valid");
        return Ok(living);
    }
    Err(error)
}

/// A failure within the last 10 seconds.
async fn remembered(key: &Key, directory: &Directory, clock: &Clock, deadline: Deadline) -> Option<Error> {
    let entry = if key.remembers_failures() { entry(&failure_path(directory, key), deadline).await } else { None };
    failure::read(&entry?, clock.now())
}

async fn remember(key: &Key, directory: &Directory, clock: &Clock, error: &Error) {
    let Some(entry) = failure::entry(error, clock.now()).filter(|_| key.remembers_failures()) else { return };
    // If the failure cannot be kept, the next run only takes longer.
    if let Err(unwritten) = write(&failure_path(directory, key), directory, &entry).await {
        tracing::warn!("{unwritten}; the next call asks {} again", key.provider());
    }
}

/// Keeps `entry` for later runs with the same request.
///
/// # Errors
/// If it cannot be written.
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

/// The entry, if it expires later than `margin` from now. An unreadable entry counts as missing.
async fn read<T: Kept>(path: &Path, clock: &Clock, margin: Duration, deadline: Deadline) -> Option<T> {
    let entry = entry(path, deadline).await?;
    if entry.expires > clock.now() + margin { T::read(&entry) } else { None }
}

async fn entry(path: &Path, deadline: Deadline) -> Option<Entry> {
    if let Some(read) = state::read_private_at_once(path, LARGEST) {
        return Entry::parse(&read.ok()?);
    }
    let path = path.to_owned();
    // A kept entry is most useful if the provider did not answer until the deadline.
    let read = input::apart(deadline.remaining().max(A_MOMENT), move |reader| {
        reader.by("the cache", &path, |path| state::read_private(path, LARGEST))
    });
    Entry::parse(&read.await.ok()?.ok()?.ok()?)
}

async fn write(path: &Path, directory: &Directory, entry: &Entry) -> Result<(), state::Error> {
    let text = entry.text();
    let mut file = NewFile::beside(path)?;
    directory.record(&mut file, text.reveal().as_bytes()).await?;
    file.fill(text.reveal().as_bytes())?;
    file.put()
}
