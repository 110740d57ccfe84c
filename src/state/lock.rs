//! A lock between processes: a file beside the guarded one. It exists only while a process holds it, or was killed
//! while it held it. The system releases the lock of a dead process.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::record::Record;
use super::{Directory, Error, own_file};

const PAUSE: Duration = Duration::from_millis(5);

/// The lock. Dropping it releases it.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Closing the file releases the lock.
    file: File,
    noted: Option<Noted>,
}

/// The manifest's record of a lock's file. It is removed on drop.
#[derive(Debug)]
pub(super) struct Noted {
    directory: Directory,
    record: Record,
}

impl Noted {
    pub(super) fn new(directory: Directory, record: Record) -> Self {
        Self { directory, record }
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        // If another process holds the manifest, the record stays. Its file is gone, and `clean` removes the record.
        let _ = self.directory.try_settle(std::slice::from_ref(&self.record));
    }
}

impl Lock {
    /// Waits for the lock at `path`, until `end` at most. Signals and timers are handled during the wait.
    pub(super) async fn wait(path: &Path, end: Instant) -> Result<Self, Error> {
        loop {
            match Self::attempt(path)? {
                Some(lock) => return Ok(lock),
                None if Instant::now() < end => tokio::time::sleep(PAUSE).await,
                None => {
                    return Err(Error {
                        path: path.into(),
                        why: "another process holds this lock".into(),
                        hint: Some("check for another oidc-exchange of this job that is stuck".into()),
                    });
                }
            }
        }
    }

    /// Adds the manifest's record of the lock.
    pub(super) fn with(mut self, noted: Option<Noted>) -> Self {
        self.noted = noted;
        self
    }

    fn attempt(path: &Path) -> Result<Option<Self>, Error> {
        let fail = |error: io::Error| {
            let hint = (error.kind() == ErrorKind::Other).then(|| "remove it: it is in the place of a lock".to_owned());
            Error { hint, ..Error::write(path, error) }
        };
        let Some(file) = own_file::open_or_make(path, OFlags::empty()).map_err(fail)? else { return Ok(None) };
        match file.try_lock() {
            // The previous holder may have deleted the file between the two steps.
            Ok(()) if is_still(path, &file) => Ok(Some(Self { path: path.into(), file, noted: None })),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                // On a file system without locks, no process holds it.
                let _ = std::fs::remove_file(path);
                Err(fail(error))
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A process that waits for this file finds it deleted and creates a new one. Another file at its path may be the lock of
        // another process.
        if is_still(&self.path, &self.file) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether `file` is the file at `path`.
pub(super) fn is_still(path: &Path, file: &File) -> bool {
    match (path.symlink_metadata(), file.metadata()) {
        (Ok(there), Ok(here)) => (there.dev(), there.ino()) == (here.dev(), here.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(path: &Path, patience: Duration) -> Result<Lock, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Lock::wait(path, Instant::now() + patience))
    }

    #[test]
    fn a_lock_is_held_by_one_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.lock");
        let lock = take(&path, Duration::ZERO).unwrap();
        assert!(take(&path, Duration::from_millis(20)).is_err());
        drop(lock);
        assert!(!path.exists());
        drop(take(&path, Duration::ZERO).unwrap());
    }

    #[test]
    fn the_lock_of_another_process_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.lock");
        let lock = take(&path, Duration::ZERO).unwrap();
        // Somebody deletes the file of a lock that is held.
        std::fs::remove_file(&path).unwrap();
        let other = take(&path, Duration::ZERO).unwrap();
        drop(lock);
        assert!(path.exists());
        drop(other);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_process_left_does_not_hold_anybody_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.lock");
        std::fs::write(&path, "").unwrap();
        drop(take(&path, Duration::ZERO).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn a_crowd_takes_turns() {
        let directory = tempfile::tempdir().unwrap();
        let (path, counter) = (directory.path().join("x.lock"), directory.path().join("n"));
        std::fs::write(&counter, "0").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _lock = take(&path, Duration::from_secs(30)).unwrap();
                        let n: u32 = std::fs::read_to_string(&counter).unwrap().parse().unwrap();
                        std::fs::write(&counter, (n + 1).to_string()).unwrap();
                    }
                });
            }
        });
        assert_eq!(std::fs::read_to_string(&counter).unwrap(), "160");
    }
}
