//! Edits a file of the user that other programs also read and write: it is locked, read, and replaced as a whole.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::input;
use crate::state::{self, Lock, MadeDirectories, NewFile, StateDir};

/// The timeout for the lock, which other exchanges hold for some milliseconds, and for reading the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// The option that edits the file, and a hint, for errors.
#[derive(Clone, Copy, Debug)]
pub struct Editor {
    /// The option that requests the edit.
    pub option: &'static str,
    /// The hint if the directory is not writable.
    pub elsewhere: &'static str,
}

/// A locked file, which may not exist yet.
#[derive(Debug)]
pub struct EditedFile {
    path: PathBuf,
    text: Vec<u8>,
    /// `None` if the file does not exist.
    mode: Option<u32>,
    _lock: Lock,
    /// Declared after the lock, because the lock's file is in one of them.
    made: MadeDirectories,
}

/// The state of a file, read without a lock.
#[derive(Debug)]
pub struct Found {
    /// The file itself: if the path is a symlink, the symlink's target.
    pub path: PathBuf,
    /// `None` if the file does not exist.
    pub content: Option<Content>,
}

/// The content of a file.
#[derive(Debug)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its mode.
    pub mode: u32,
}

impl Editor {
    /// Locks and reads the file at `path`, or the target if it is a symlink. A missing directory is created. It is
    /// removed with the lock if it is still empty then.
    ///
    /// # Errors
    /// If it is not a regular file of this user, cannot be read, or another process holds the lock too long.
    pub async fn open(self, path: &Path, place: &StateDir) -> Result<EditedFile, state::Error> {
        let path = resolve(path)?;
        let parent = path.parent().ok_or_else(|| state::Error::write(&path, "it is a directory"))?;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".oidc-exchange.lock");
        let mut again = 3;
        let (directories, lock) = loop {
            let directories = MadeDirectories::make(parent).map_err(|error| self.no_place(&path, error))?;
            match place.lock(&parent.join(&name), PATIENCE).await {
                Ok(lock) => break (directories, lock),
                // Another exchange of this user has just removed the empty directory.
                Err(_) if again > 0 && !parent.exists() => again -= 1,
                Err(error) => return Err(error),
            }
        };
        let content = self.read(&path, place).await?;
        let (text, mode) = content.map_or((Vec::new(), None), |content| (content.bytes, Some(content.mode)));
        Ok(EditedFile { path, text, mode, _lock: lock, made: directories })
    }

    /// Reads the file at `path`, or the target if it is a symlink, without a lock.
    ///
    /// # Errors
    /// If it is not a regular file of this user, or cannot be read.
    pub async fn look(self, path: &Path, place: &StateDir) -> Result<Found, state::Error> {
        let path = resolve(path)?;
        let content = self.read(&path, place).await?;
        Ok(Found { path, content })
    }

    /// Checks that `found` can be replaced. Leaves nothing behind.
    ///
    /// # Errors
    /// If the directory, or its nearest existing parent, is not writable.
    pub fn foresee(self, found: &Found) -> Result<(), state::Error> {
        let path = &found.path;
        let directory = path.ancestors().skip(1).find(|directory| directory.exists());
        let directory = directory.ok_or_else(|| state::Error::write(path, "it is a directory"))?;
        let probe = NewFile::beside(&directory.join(path.file_name().unwrap_or_default()));
        probe.map(drop).map_err(|error| self.no_place(path, error.why))
    }

    /// The error of a directory that is not writable, for example the home directory of a user who has none.
    fn no_place(self, path: &Path, why: impl std::fmt::Display) -> state::Error {
        state::Error { hint: Some(self.elsewhere.into()), ..state::Error::write(path, why) }
    }

    /// The content of a regular file of this user; `None` if the file does not exist.
    async fn read(self, path: &Path, place: &StateDir) -> Result<Option<Content>, state::Error> {
        let fail = |why: &str| state::Error::write(path, why);
        let found = match path.symlink_metadata() {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(state::Error::write(path, error)),
        };
        if found.is_dir() {
            return Err(fail("it is a directory"));
        }
        if !found.is_file() {
            return Err(fail("it is not an ordinary file"));
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(fail("it belongs to another user"));
        }
        let named = path.to_owned();
        let reading = input::apart(place.remaining(PATIENCE), move |reader| {
            reader.file(self.option, &named, input::Kind::Configuration)
        });
        let bytes = reading.await.map_err(|_| fail("it cannot be read: that did not end in time"))?;
        let bytes = bytes.map_err(|fault| state::Error::write(path, fault))?;
        Ok(Some(Content { bytes, mode: found.permissions().mode() }))
    }
}

impl EditedFile {
    /// The path of the file itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The content; `None` if the file does not exist.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether the file does not exist yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.mode.is_none()
    }

    /// The directories that were created for it.
    #[must_use]
    pub fn made(&self) -> &[PathBuf] {
        self.made.paths()
    }

    /// Writes `text` to `new`, the replacement. It gets the old file's mode. If the file is new or the text contains
    /// `secrets`, only the user can read it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn fill(&self, new: &mut NewFile, text: &[u8], secrets: bool) -> Result<(), state::Error> {
        new.fill(text)?;
        match self.mode {
            Some(mode) if !secrets => new.set_mode(mode & 0o777),
            Some(_) | None => Ok(()),
        }
    }
}

/// Follows a symlink at `path` to the file itself.
fn resolve(path: &Path) -> Result<PathBuf, state::Error> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => std::fs::canonicalize(path)
            .map_err(|error| state::Error::write(path, format!("it is a symbolic link that leads nowhere: {error}"))),
        _ => Ok(path.to_owned()),
    }
}
