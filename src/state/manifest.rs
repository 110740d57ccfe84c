//! The manifest: a line of JSON for each file that an exchange made or changed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::lock::is_still;
use super::record::{Note, Outcome, Record};
use super::{Directory, Error};

const NAME: &str = "manifest";

/// What became of the manifest's records.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// Files deleted, and those that something was taken out of.
    pub removed: Vec<PathBuf>,
    /// Files that would not go, with the reason; they stay in the manifest.
    pub failed: Vec<(PathBuf, String)>,
}

impl Directory {
    pub(super) fn append(&self, record: &Record) -> Result<(), Error> {
        let mut line = serde_json::to_vec(record).map_err(|error| self.unwritten(error))?;
        line.push(b'\n');
        let mut manifest = self.locked()?;
        let written = manifest.metadata().and_then(|found| {
            // Part of a line would spoil the next one, which begins behind it.
            manifest.write_all(&line).inspect_err(|_| drop(manifest.set_len(found.len())))
        });
        written.map_err(|error| self.unwritten(error))
    }

    pub(super) fn note(&self, kind: &str, value: &impl serde::Serialize) -> Result<Note, Error> {
        Note::new(kind, value).map_err(|error| self.unwritten(error))
    }

    /// Gives each record to `undo` and drops those that are done with; then deletes the manifest and the directory, each
    /// if it is empty.
    ///
    /// # Errors
    /// When the manifest cannot be read or written, or is not one.
    pub fn sweep(&self, mut undo: impl FnMut(&Record) -> Outcome) -> Result<Cleaned, Error> {
        let path = self.manifest();
        let mut cleaned = Cleaned::default();
        if path.symlink_metadata().is_ok() {
            let mut manifest = self.locked()?;
            let mut text = String::new();
            let read = manifest.rewind().and_then(|()| manifest.read_to_string(&mut text));
            read.map_err(|error| self.unwritten(error))?;
            let mut rest = String::new();
            let mut keep = |line: &str| {
                rest.push_str(line);
                rest.push('\n');
            };
            for line in text.lines() {
                // A line may be cut short, with the machine itself: its file was never filled.
                let record = serde_json::from_str::<Record>(line).ok();
                let outcome = record.as_ref().map_or(Outcome::Unreadable, &mut undo);
                let path = record.map(|record| record.path().to_owned()).unwrap_or_default();
                match outcome {
                    Outcome::Undone => cleaned.removed.push(path),
                    Outcome::Absent => {}
                    Outcome::Kept => keep(line),
                    Outcome::Failed(why) => {
                        keep(line);
                        cleaned.failed.push((path, why));
                    }
                    Outcome::Unreadable => {
                        tracing::warn!("{}: a line that cannot be read is dropped", self.manifest().display());
                    }
                }
            }
            let written = if rest.is_empty() {
                std::fs::remove_file(&path)
            } else {
                manifest.set_len(0).and_then(|()| manifest.write_all(rest.as_bytes()))
            };
            written.map_err(|error| self.unwritten(error))?;
        }
        match std::fs::remove_dir(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(Error::write(&self.0, error)),
            _ => Ok(cleaned),
        }
    }

    /// Deletes these files, and their lines.
    ///
    /// # Errors
    /// As for [`sweep`](Self::sweep).
    pub fn forget(&self, records: &[Record]) -> Result<Cleaned, Error> {
        self.sweep(|record| if records.contains(record) { record.remove() } else { Outcome::Kept })
    }

    fn manifest(&self) -> PathBuf {
        self.0.join(NAME)
    }

    fn unwritten(&self, error: impl std::fmt::Display) -> Error {
        Error::write(self.manifest(), error)
    }

    /// The manifest, open for appending and locked against the job's other exchanges until it is dropped.
    fn locked(&self) -> Result<File, Error> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let path = self.manifest();
        let fail = |error: io::Error| self.unwritten(error);
        let started = Instant::now();
        loop {
            let open = || OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&path);
            let file = self.still_there(open).map_err(fail)?;
            match file.try_lock() {
                // `clean` may have deleted the file between the two steps.
                Ok(()) if is_still(&path, &file) => return Ok(file),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => return Err(Error::write(&path, "another process holds its lock")),
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
        }
    }
}
