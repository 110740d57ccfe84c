//! What one exchange makes, until it is sure to be wanted.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::new_file::without_temporary_name;
use super::{Directory, Error, NewFile, Record};
use crate::secret::Secret;

/// Files and directories that one exchange has made. They are deleted when this is dropped, a signal's end or a
/// failure's included, unless they are [kept](NewFiles::keep).
#[derive(Debug)]
pub struct NewFiles {
    directory: Directory,
    records: Vec<Record>,
    kept: bool,
}

impl NewFiles {
    pub(super) fn new(directory: Directory) -> Self {
        Self { directory, records: Vec::new(), kept: false }
    }

    /// The private directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.directory.0
    }

    /// A new 0600 file in the private directory, as [`Directory::file`]. `content` is given its path.
    ///
    /// # Errors
    /// When it cannot be made, written down or written.
    pub fn file(&mut self, stem: &str, content: impl FnOnce(&Path) -> Result<Secret, Error>) -> Result<PathBuf, Error> {
        self.bytes(stem, |path| content(path).map(|text| text.reveal().as_bytes().to_vec()))
    }

    /// The same with content that need not be text.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn bytes(
        &mut self,
        stem: &str,
        content: impl FnOnce(&Path) -> Result<Vec<u8>, Error>,
    ) -> Result<PathBuf, Error> {
        let record = self.directory.new_file(stem, content, None)?;
        let path = record.path().to_owned();
        self.records.push(record);
        Ok(path)
    }

    /// A new 0600 file with a secret that `clean` needs, and a note of what for: `kind` is who can read `value`.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn noted(
        &mut self,
        stem: &str,
        secret: &Secret,
        kind: &str,
        value: &impl serde::Serialize,
    ) -> Result<(), Error> {
        let note = self.directory.note(kind, value)?;
        let content = |_: &Path| Ok(secret.reveal().as_bytes().to_vec());
        self.records.push(self.directory.new_file(stem, content, Some(note))?);
        Ok(())
    }

    /// Fills `file` and puts it at `path`, an absolute one, outside the private directory.
    ///
    /// # Errors
    /// When it cannot be written, written down or moved.
    pub fn put(&mut self, file: NewFile, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let file = file.fill(bytes)?;
        let record = Directory::record_of(&file, path)?;
        self.directory.append(&record)?;
        self.records.push(record);
        file.put(path)
    }

    /// A new 0700 directory in the private one, which goes with all that somebody puts into it.
    ///
    /// # Errors
    /// When it cannot be made or written down.
    pub fn directory(&mut self, stem: &str) -> Result<PathBuf, Error> {
        let fail = |error: std::io::Error| Error::write(self.path(), error);
        let prefix = format!("{stem}-");
        let directory = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix(&prefix).permissions(Permissions::from_mode(0o700)).tempdir_in(self.path())
        };
        let made = self.directory.still_there(directory);
        let made = made.map_err(|error| Error::write(self.path(), without_temporary_name(&error)))?;
        let record = Record::of_directory(made.path()).map_err(fail)?;
        self.directory.append(&record)?;
        self.records.push(record);
        Ok(made.keep())
    }

    /// Leaves everything where it is, for the job to use and for `clean` to delete.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for NewFiles {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        match self.directory.forget(&self.records) {
            Ok(cleaned) => {
                for (path, why) in cleaned.failed {
                    tracing::warn!("cannot delete {}: {why}; run `oidc-exchange clean`", path.display());
                }
            }
            Err(error) => tracing::warn!("{}; run `oidc-exchange clean`", error),
        }
    }
}
