//! Files of one exchange that is not finished yet.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::object::Seen;
use super::record::{Made, Note, Outcome};
use super::{Directory, Error, NewFile, Record};
use crate::secret::Secret;

/// Files and directories that one exchange has created. They are deleted on drop, also after a signal or a failure,
/// unless they are [kept](NewFiles::keep).
#[derive(Debug)]
pub struct NewFiles {
    directory: Directory,
    records: Vec<Record>,
    kept: bool,
}

impl Directory {
    /// An empty list, for an exchange that will create files.
    #[must_use]
    pub fn new_files(self) -> NewFiles {
        NewFiles { directory: self, records: Vec::new(), kept: false }
    }
}

impl NewFiles {
    /// The private directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Creates a file with mode 0600 in the private directory. `content` gets its path.
    ///
    /// # Errors
    /// If it cannot be created, recorded or written.
    pub async fn file(
        &mut self,
        stem: &str,
        content: impl FnOnce(&Path) -> Result<Secret, Error>,
    ) -> Result<PathBuf, Error> {
        self.bytes(stem, |path| content(path).map(|text| text.reveal().as_bytes().to_vec())).await
    }

    /// The same with bytes that need not be UTF-8.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub async fn bytes(
        &mut self,
        stem: &str,
        content: impl FnOnce(&Path) -> Result<Vec<u8>, Error>,
    ) -> Result<PathBuf, Error> {
        let path = self.directory.free(stem);
        let bytes = content(&path)?;
        self.add(path.clone(), &bytes, None).await?;
        Ok(path)
    }

    /// Creates a file with mode 0600, with a secret for `clean`. The manifest gets a note with `value`. `kind`
    /// identifies the module that reads it.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub async fn noted(
        &mut self,
        stem: &str,
        secret: &Secret,
        kind: &str,
        value: &impl Serialize,
    ) -> Result<(), Error> {
        let note = self.directory.note(kind, value)?;
        self.add(self.directory.free(stem), secret.reveal().as_bytes(), Some(note)).await
    }

    /// Records `value` without a file, for the readers of notes of `kind`. What is recorded already is not recorded twice.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub async fn note(&mut self, kind: &str, value: &impl Serialize) -> Result<(), Error> {
        let note = self.directory.note(kind, value)?;
        let record = Record::new(self.directory.path(), Made::Nothing, Some(note));
        if self.directory.append_once(&record).await? {
            self.records.push(record);
        }
        Ok(())
    }

    async fn add(&mut self, path: PathBuf, bytes: &[u8], note: Option<Note>) -> Result<(), Error> {
        let mut file = self.directory.new_file(path);
        self.records.extend(self.directory.record_file(&mut file, bytes, note).await?);
        file.fill(bytes)?;
        file.move_into_place()
    }

    /// Fills `file` and moves it to its place, outside the private directory.
    ///
    /// # Errors
    /// If it cannot be written, recorded or moved.
    pub async fn put(&mut self, mut file: NewFile, bytes: &[u8]) -> Result<(), Error> {
        self.record(&mut file, bytes).await?;
        file.fill(bytes)?;
        file.put()
    }

    /// Records a file that will be filled with `bytes` and moved to its place, outside the private directory.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub async fn record(&mut self, file: &mut NewFile, bytes: &[u8]) -> Result<(), Error> {
        self.records.extend(self.directory.record_file(file, bytes, None).await?);
        Ok(())
    }

    /// Records that `file` will replace another program's file, and contains a change of ours. `value` contains what
    /// is needed to undo it. `kind` identifies the module that reads the value.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub async fn change(&mut self, file: &mut NewFile, kind: &str, value: &impl serde::Serialize) -> Result<(), Error> {
        self.records.extend(self.directory.record_change(file, kind, value).await?);
        Ok(())
    }

    /// Creates a directory with mode 0700 in the private one. It is deleted with its content.
    ///
    /// # Errors
    /// If it cannot be created or recorded.
    pub async fn directory(&mut self, stem: &str) -> Result<PathBuf, Error> {
        let fail = |error: std::io::Error| Error::write(self.directory.path(), error);
        let path = self.directory.free(stem);
        let empty = Record::new(&path, Made::Empty, None);
        self.directory.append(&empty).await?;
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(fail)?;
        let found = Seen::at(&path).map_err(fail)?;
        let record = Record::new(&path, Made::directory(found.object, &path), None);
        self.records.extend([empty, record.clone()]);
        self.directory.append(&record).await?;
        record.mark().map_err(fail)?;
        Ok(path)
    }

    /// Keeps everything for the job. `clean` deletes it.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for NewFiles {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if self.records.is_empty() {
            // Removes no record; deletes the directory if it is empty and ours.
            let _ = self.directory.try_settle(&[]);
            return;
        }
        let mut done = Vec::new();
        for record in std::mem::take(&mut self.records) {
            match record.remove() {
                Outcome::Failed(why) => {
                    tracing::warn!("cannot delete {}: {why}; run `oidc-exchange clean`", record.path().display());
                }
                Outcome::Kept => {}
                Outcome::Undone | Outcome::Absent => done.push(record),
            }
        }
        if let Err(error) = self.directory.try_settle(&done) {
            tracing::warn!("{error}; run `oidc-exchange clean`");
        }
    }
}
