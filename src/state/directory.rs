//! The private directory: created if it is missing, checked, and listed in a manifest.

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

/// The private directory, which exists, belongs to this user and has mode 0700.
#[derive(Debug)]
pub struct Directory {
    pub(super) path: PathBuf,
    /// Whether its name is the default, and not one that the user set.
    pub(super) own: bool,
    pub(super) end: Option<Instant>,
}

/// The mode of a directory that is not in its manifest yet, or no longer. No user sets this mode.
pub(super) const IN_THE_MAKING: u32 = 0o300;

impl Directory {
    /// Creates the directory if it is missing. If the user set its name, the manifest records that this program
    /// created it: an empty directory of the user must not be deleted. Until then, its mode records it.
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
                // What it is instead of a directory is reported below.
                Ok(_) => {}
                Err(_) => return Err(Error { hint: Some(NAME_ONE.into()), ..error }),
            }
        }
        self.check_itself()?;
        if self.is_in_the_making()
            && let Ok(found) = Seen::at(&self.path)
            // If the manifest cannot be written, the next step reports it.
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
            return Err(Error { hint: Some(NAME_ONE.into()), ..Error::write(path, "it is not a directory") });
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
                // It may be the system's, for example /tmp, which must stay open to others.
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

    /// Creates a 0600 file in the directory, after an entry in the manifest. `content` gets its path.
    ///
    /// # Errors
    /// If it cannot be created, recorded or written.
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

    /// An unused path in the directory.
    pub(super) fn free(&self, stem: &str) -> PathBuf {
        self.path.join(format!("{stem}-{}", random_name()))
    }

    pub(super) fn new_file(&self, path: PathBuf) -> NewFile {
        NewFile::at(path, &self.path)
    }

    /// Records a file that will be filled with `bytes` and moved to its place.
    ///
    /// # Errors
    /// If the manifest cannot be written.
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

    /// Records a change of another program's file, which `file` will replace. `value` contains what is needed to undo
    /// it. `kind` identifies the module that reads the value.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub(super) async fn record_change(
        &self,
        file: &mut NewFile,
        kind: &str,
        value: &impl serde::Serialize,
    ) -> Result<Vec<Record>, Error> {
        let note = self.note(kind, value)?;
        self.record_copy(file, Some(note)).await
    }

    /// Records that `file` will replace another program's file, and contains nothing of ours. The records are
    /// obsolete when it is in its place.
    ///
    /// # Errors
    /// If the manifest cannot be written.
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

    /// A file that is created with a name is recorded before.
    async fn record_name(&self, file: &NewFile) -> Result<Vec<Record>, Error> {
        if file.is_made() {
            return Ok(Vec::new());
        }
        let record = Record::new(file.temporary()?, Made::Empty, None);
        self.append(&record).await?;
        Ok(vec![record])
    }

    /// `patience` from now, but not later than the run's end.
    pub(super) fn end(&self, patience: Duration) -> Instant {
        end(patience, self.end)
    }
}
