//! The private directory: made where it is missing, checked, and what is written down of the files in it.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::object::Seen;
use super::record::{Made, Note};
use super::{Error, NAME_ONE, NewFile, Record, end, parents, random_name};
use crate::secret::Secret;
use crate::shell::posix::quote;

/// The private directory: there, ours, 0700.
#[derive(Debug)]
pub struct Directory {
    pub(super) path: PathBuf,
    /// Whether its name is ours too, and not one that the user gave.
    pub(super) own: bool,
    pub(super) end: Option<Instant>,
}

/// The mode of a directory that is not in its manifest yet, or no longer: nobody gives it to one of his own.
pub(super) const IN_THE_MAKING: u32 = 0o300;

impl Directory {
    /// Makes it where it is missing. Where the user gave its name, the manifest tells that it is ours, since an empty
    /// directory of the user's own is none to delete. Until then its mode tells that.
    pub(super) fn make(&self) -> Result<(), Error> {
        parents::check(&self.path)?;
        let access = if self.own { 0o700 } else { IN_THE_MAKING };
        let directory = || DirBuilder::new().mode(access).create(&self.path);
        let made = directory().or_else(|error| match (error.kind(), self.path.parent()) {
            (ErrorKind::NotFound, Some(parent)) => {
                DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
                directory()
            }
            _ => Err(error),
        });
        if let Err(error) = made {
            let error = Error::write(&self.path, error);
            match self.path.symlink_metadata() {
                Ok(found) if found.is_dir() || found.is_symlink() => {}
                Ok(_) => return Err(error),
                Err(_) => return Err(Error { hint: Some(NAME_ONE.into()), ..error }),
            }
        }
        self.check_itself()?;
        if self.is_in_the_making()
            && let Ok(found) = Seen::at(&self.path)
            // Where the manifest takes nothing, what comes next says so.
            && self.begin(&Record::new(&self.path, Made::PrivateDirectory { object: found.object }, None)).is_ok()
        {
            self.set_mode(0o700)?;
        }
        Ok(())
    }

    pub(super) fn set_mode(&self, mode: u32) -> Result<(), Error> {
        let changed = std::fs::set_permissions(&self.path, Permissions::from_mode(mode));
        changed.map_err(|error| Error::write(&self.path, error))
    }

    pub(super) fn is_in_the_making(&self) -> bool {
        let found = self.path.symlink_metadata();
        !self.own && found.is_ok_and(|found| found.permissions().mode() & 0o7777 == IN_THE_MAKING)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        parents::check(&self.path)?;
        self.check_itself()
    }

    fn check_itself(&self) -> Result<(), Error> {
        let path = &self.path;
        let found = path.symlink_metadata().map_err(|error| Error::write(path, error))?;
        if found.is_symlink() {
            return Err(Error::write(path, "it is a symbolic link"));
        }
        if !found.is_dir() {
            return Err(Error::write(path, "it is not a directory"));
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(Error {
                path: path.into(),
                why: "it belongs to another user".into(),
                hint: Some("name a directory of your own with OIDC_EXCHANGE_DIR".into()),
            });
        }
        if found.permissions().mode() & 0o077 != 0 {
            let hint = if self.own {
                format!("chmod 700 {}", quote(&path.to_string_lossy()))
            } else if parents::is_safe(path, &found) {
                // It may be the system's, /tmp say: it is not ours to be closed to others.
                let within = path.join("oidc-exchange");
                format!("name a directory of its own: export OIDC_EXCHANGE_DIR={}", quote(&within.to_string_lossy()))
            } else {
                parents::ELSEWHERE.into()
            };
            return Err(Error { hint: Some(hint), ..Error::write(path, "other users may enter it") });
        }
        Ok(())
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new 0600 file here, in the manifest before a byte is in it. `content` is given its path.
    ///
    /// # Errors
    /// When it cannot be made, written down or written.
    pub async fn file(&self, stem: &str, content: impl FnOnce(&Path) -> Secret) -> Result<PathBuf, Error> {
        let path = self.free(stem);
        let bytes = content(&path);
        let bytes = bytes.reveal().as_bytes();
        let mut file = self.new_file(path.clone());
        self.record_file(&mut file, bytes, None).await?;
        file.fill(bytes)?;
        file.move_into_place()?;
        Ok(path)
    }

    /// A path in the directory that nobody has.
    pub(super) fn free(&self, stem: &str) -> PathBuf {
        self.path.join(format!("{stem}-{}", random_name()))
    }

    pub(super) fn new_file(&self, path: PathBuf) -> NewFile {
        NewFile::at(path, &self.path)
    }

    /// Writes down a file that is about to be filled with `bytes` and put in its place.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub async fn record(&self, file: &mut NewFile, bytes: &[u8]) -> Result<(), Error> {
        self.record_file(file, bytes, None).await.map(drop)
    }

    pub(super) async fn record_file(
        &self,
        file: &mut NewFile,
        bytes: &[u8],
        note: Option<Note>,
    ) -> Result<Vec<Record>, Error> {
        let mut records = self.record_name(file).await?;
        let made = Made::file(file.object()?, bytes, file.temporary()?);
        let record = Record::new(file.path()?, made, note);
        self.append(&record).await?;
        records.push(record);
        Ok(records)
    }

    /// Writes down what is about to be changed in the file of somebody else's that `file` will replace. `value` is what it
    /// takes to undo that, and `kind` who can read it.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub(super) async fn record_change(
        &self,
        file: &mut NewFile,
        kind: &str,
        value: &impl serde::Serialize,
    ) -> Result<Vec<Record>, Error> {
        let note = self.note(kind, value)?;
        self.record_copy(file, Some(note)).await
    }

    /// Writes down that a file of somebody else's is about to be replaced by `file`, with nothing of ours in it. The records are of
    /// no more use once it is in its place.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub async fn record_restored(&self, file: &mut NewFile) -> Result<Vec<Record>, Error> {
        self.record_copy(file, None).await
    }

    async fn record_copy(&self, file: &mut NewFile, note: Option<Note>) -> Result<Vec<Record>, Error> {
        let mut records = self.record_name(file).await?;
        let made = Made::Change { object: file.object()?, temporary: file.temporary()? };
        let record = Record::new(file.path()?, made, note);
        self.append(&record).await?;
        records.push(record);
        Ok(records)
    }

    /// A file that is made with a name has that in the manifest before.
    async fn record_name(&self, file: &NewFile) -> Result<Vec<Record>, Error> {
        if file.is_made() {
            return Ok(Vec::new());
        }
        let record = Record::new(file.temporary()?, Made::Empty, None);
        self.append(&record).await?;
        Ok(vec![record])
    }

    /// `patience` from now, but no later than the run's own end.
    pub(super) fn end(&self, patience: Duration) -> Instant {
        end(patience, self.end)
    }
}
