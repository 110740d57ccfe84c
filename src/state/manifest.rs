//! The manifest: a line of JSON for each thing that an exchange created or changed.
//!
//! Lines are appended. To remove lines, a whole new manifest is written and moved into place. So a killed process
//! never loses a record.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::directory::{Directory, IN_THE_MAKING};
use super::lock::is_still;
use super::object::Seen;
use super::record::{Note, Record};
use super::{Error, own_file};

const NAME: &str = "manifest";

/// The new manifest, until it is complete.
const NEXT: &str = "manifest.new";

/// Enough for about ten thousand lines.
const LARGEST: u64 = 16 << 20;

/// The timeout for the lock, which other exchanges hold for less than a millisecond each.
const PATIENCE: Duration = Duration::from_secs(5);

impl Directory {
    /// Appends `record`.
    pub(super) async fn append(&self, record: &Record) -> Result<(), Error> {
        let line = self.line(record)?;
        self.append_locked(&self.locked().await?, &line)
    }

    /// Appends `record`, unless a line with the same content is there. Returns whether it was appended.
    pub(super) async fn append_once(&self, record: &Record) -> Result<bool, Error> {
        let line = self.line(record)?;
        let manifest = self.locked().await?;
        let text = self.text(&manifest)?;
        let mut records = text.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok());
        if records.any(|known| known.repeats(record)) {
            return Ok(false);
        }
        self.append_locked(&manifest, &line).map(|()| true)
    }

    fn append_locked(&self, mut manifest: &File, line: &[u8]) -> Result<(), Error> {
        let written = manifest.metadata().and_then(|found| {
            if found.len() + line.len() as u64 > LARGEST {
                return Err(ErrorKind::FileTooLarge.into());
            }
            // A partial line would make the next line unreadable. A process that was killed can have left one.
            let line = if ends_in_a_line(manifest, found.len())? { line } else { &[b"\n", line].concat() };
            manifest.write_all(line).inspect_err(|_| drop(manifest.set_len(found.len())))
        });
        written.map_err(|error| self.unwritten(error))
    }

    /// Starts a new manifest with the record of the directory itself.
    pub(super) fn begin(&self, record: &Record) -> Result<(), Error> {
        let line = self.line(record)?;
        let opened = own_file::open_or_make(&self.manifest(), OFlags::APPEND);
        let written = opened.and_then(|file| file.map_or(Ok(()), |mut file| file.write_all(&line)));
        written.map_err(|error| self.unwritten(error))
    }

    fn line(&self, record: &Record) -> Result<Vec<u8>, Error> {
        let mut line = serde_json::to_vec(record).map_err(|error| self.unwritten(error))?;
        line.push(b'\n');
        Ok(line)
    }

    pub(super) fn note(&self, kind: &str, value: &impl serde::Serialize) -> Result<Note, Error> {
        Note::new(kind, value).map_err(|error| self.unwritten(error))
    }

    /// All readable records. Other processes may add and remove records afterwards.
    ///
    /// # Errors
    /// If the manifest cannot be read, or is invalid.
    pub async fn records(&self) -> Result<Vec<Record>, Error> {
        if is_absent(&self.manifest()) {
            return Ok(Vec::new());
        }
        let text = self.text(&self.locked().await?)?;
        let records = text.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok());
        Ok(records.filter(|record| !record.is_of_private_directory()).collect())
    }

    /// Removes the records `done`, and unreadable lines. Then deletes the manifest if it is empty. Also deletes the
    /// directory if it is empty and this program created it.
    ///
    /// # Errors
    /// If the manifest cannot be read or written, or is invalid.
    pub async fn settle(&self, done: &[Record]) -> Result<(), Error> {
        let manifest = if is_absent(&self.manifest()) { None } else { Some(self.locked().await?) };
        self.settle_locked(manifest.as_ref(), done)
    }

    /// The same, but only if no other process holds the manifest: `clean` does not depend on it.
    pub(super) fn try_settle(&self, done: &[Record]) -> Result<(), Error> {
        let manifest = if is_absent(&self.manifest()) { None } else { self.attempt()? };
        manifest.map_or(Ok(()), |manifest| self.settle_locked(Some(&manifest), done))
    }

    /// Warns of an unreadable line.
    pub fn warn_unreadable(&self) {
        tracing::warn!("{}: a line that cannot be read is dropped", self.manifest().display());
    }

    fn settle_locked(&self, manifest: Option<&File>, done: &[Record]) -> Result<(), Error> {
        let text = manifest.map_or(Ok(String::new()), |manifest| self.text(manifest))?;
        let mut rest = String::new();
        let mut ours = None;
        for line in text.lines() {
            match serde_json::from_str::<Record>(line) {
                Ok(record) if record.is_of_private_directory() => ours = Some((record, line)),
                Ok(record) if done.contains(&record) => {}
                Ok(_) => {
                    rest.push_str(line);
                    rest.push('\n');
                }
                // A crash of the machine can truncate a line. Its file was not written yet.
                Err(_) => self.warn_unreadable(),
            }
        }
        if rest.is_empty() {
            return self.remove(ours.map(|(record, _)| record).as_ref());
        }
        if let Some((_, line)) = ours {
            rest.insert_str(0, &format!("{line}\n"));
        }
        if rest.len() == text.len() { Ok(()) } else { self.replace(&rest) }
    }

    /// Deletes the manifest. Also deletes the directory if it is empty and this program created it.
    fn remove(&self, ours: Option<&Record>) -> Result<(), Error> {
        let recorded = |found: &Seen| ours.is_some_and(|record| record.is_private_directory(found));
        let is_ours = self.own || self.is_in_the_making() || Seen::at(&self.path).is_ok_and(|found| recorded(&found));
        if is_ours && !self.own {
            self.set_mode(IN_THE_MAKING)?;
        }
        for name in [NEXT, NAME] {
            match std::fs::remove_file(self.path.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.unwritten(error)),
                _ => {}
            }
        }
        if !is_ours {
            return Ok(());
        }
        match std::fs::remove_dir(&self.path) {
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::ResourceBusy) => {
                // Either another exchange has started a manifest, and checks the mode itself; or the content is
                // somebody else's; or something is mounted there.
                if is_absent(&self.manifest()) { self.set_mode(0o700) } else { Ok(()) }
            }
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::write(&self.path, error)),
            _ => Ok(()),
        }
    }

    fn replace(&self, text: &str) -> Result<(), Error> {
        let next = self.path.join(NEXT);
        // A file that a killed process left may be longer.
        let written = own_file::open_or_make(&next, OFlags::empty()).and_then(|file| {
            let mut file = file.ok_or(ErrorKind::ResourceBusy)?;
            file.set_len(0)?;
            file.write_all(text.as_bytes())?;
            std::fs::rename(&next, self.manifest())
        });
        written.map_err(|error| self.unwritten(error))
    }

    fn text(&self, mut manifest: &File) -> Result<String, Error> {
        let mut bytes = Vec::new();
        let read = Read::by_ref(&mut manifest).take(LARGEST).read_to_end(&mut bytes);
        read.map_err(|error| self.unwritten(error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn manifest(&self) -> PathBuf {
        self.path.join(NAME)
    }

    fn unwritten(&self, error: impl std::fmt::Display) -> Error {
        Error::write(self.manifest(), error)
    }

    /// Opens the manifest for appending, and locks it against other exchanges until it is closed.
    async fn locked(&self) -> Result<File, Error> {
        const PAUSE: Duration = Duration::from_millis(2);
        let end = self.end(PATIENCE);
        loop {
            match self.attempt()? {
                Some(file) => return Ok(file),
                None if Instant::now() < end => tokio::time::sleep(PAUSE).await,
                None => return Err(self.unwritten("another process holds its lock")),
            }
        }
    }

    /// The same, if no other process holds it.
    fn attempt(&self) -> Result<Option<File>, Error> {
        let path = self.manifest();
        let open = || own_file::open_or_make(&path, OFlags::APPEND);
        let opened = match open() {
            // Another exchange of the job may have removed the empty directory.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make()?;
                open()
            }
            opened => opened,
        };
        let Some(file) = opened.map_err(|error| self.spoilt(error))? else { return Ok(None) };
        match file.try_lock() {
            Ok(()) if !is_still(&path, &file) => Ok(None),
            Ok(()) if file.metadata().is_ok_and(|found| found.len() > LARGEST) => {
                Err(self.spoilt(io::Error::other("it is larger than any manifest")))
            }
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.unwritten(error)),
        }
    }

    /// The error of something else in the manifest's place, which a person must look at.
    fn spoilt(&self, error: io::Error) -> Error {
        let hint = (error.kind() == ErrorKind::Other)
            .then(|| "remove it, or name another directory with OIDC_EXCHANGE_DIR".to_owned());
        Error { hint, ..self.unwritten(error) }
    }
}

fn ends_in_a_line(file: &File, length: u64) -> io::Result<bool> {
    let mut last = [b'\n'];
    if let Some(at) = length.checked_sub(1) {
        file.read_exact_at(&mut last, at)?;
    }
    Ok(last == *b"\n")
}

fn is_absent(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}
