//! A file of the user's that other programs read and write too: locked, read, and replaced whole.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::input;
use crate::state::{self, Lock, MadeDirectories, NewFile, StateDir};

/// How long other exchanges may hold the lock, each for some milliseconds, and how long a file may take to be read.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who edits, for the words of an error.
#[derive(Clone, Copy, Debug)]
pub struct Editor {
    /// The option that asks for it.
    pub option: &'static str,
    /// What to do if no file can be in that directory.
    pub elsewhere: &'static str,
}

/// A file under its lock. It may not be there yet.
#[derive(Debug)]
pub struct EditedFile {
    path: PathBuf,
    text: Vec<u8>,
    /// Nothing where the file is not there.
    mode: Option<u32>,
    _lock: Lock,
    /// After the lock, which is in one of them.
    made: MadeDirectories,
}

/// A file as it is, without a lock.
#[derive(Debug)]
pub struct Found {
    /// The file itself, where the path is a link to it.
    pub path: PathBuf,
    /// Nothing where it is not there.
    pub content: Option<Content>,
}

/// What a file holds.
#[derive(Debug)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its mode.
    pub mode: u32,
}

impl Editor {
    /// Locks and reads what is at `path`, or where a link there leads. The directory is made where it is missing, and goes again
    /// with the lock if it is empty then.
    ///
    /// # Errors
    /// When it is not an ordinary file of this user's, cannot be read, or another process keeps its lock.
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
                // Another exchange of this user's has just ended, and found it empty.
                Err(_) if again > 0 && !parent.exists() => again -= 1,
                Err(error) => return Err(error),
            }
        };
        let content = self.read(&path, place).await?;
        let (text, mode) = content.map_or((Vec::new(), None), |content| (content.bytes, Some(content.mode)));
        Ok(EditedFile { path, text, mode, _lock: lock, made: directories })
    }

    /// Reads what is at `path`, or where a link there leads, without a lock.
    ///
    /// # Errors
    /// When it is not an ordinary file of this user's, or cannot be read.
    pub async fn look(self, path: &Path, place: &StateDir) -> Result<Found, state::Error> {
        let path = resolve(path)?;
        let content = self.read(&path, place).await?;
        Ok(Found { path, content })
    }

    /// Sees that a file can be put in the place of `found`; nothing is made that stays.
    ///
    /// # Errors
    /// When its directory, or the one above that takes it, takes no file.
    pub fn foresee(self, found: &Found) -> Result<(), state::Error> {
        let path = &found.path;
        let directory = path.ancestors().skip(1).find(|directory| directory.exists());
        let directory = directory.ok_or_else(|| state::Error::write(path, "it is a directory"))?;
        let probe = NewFile::beside(&directory.join(path.file_name().unwrap_or_default()));
        probe.map(drop).map_err(|error| self.no_place(path, error.why))
    }

    /// A directory that takes no file, which may be the home of a user who has none.
    fn no_place(self, path: &Path, why: impl std::fmt::Display) -> state::Error {
        state::Error { hint: Some(self.elsewhere.into()), ..state::Error::write(path, why) }
    }

    /// The content of an ordinary file of ours; nothing where there is none.
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
    /// The file itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds; nothing where it is not there.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether it is not there yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.mode.is_none()
    }

    /// The directories that were made for it.
    #[must_use]
    pub fn made(&self) -> &[PathBuf] {
        self.made.paths()
    }

    /// Fills `new`, which is to replace it, with `text`. Its mode becomes the old one's, but nobody else reads a file that is
    /// new or has `secrets` in it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn fill(&self, new: &mut NewFile, text: &[u8], secrets: bool) -> Result<(), state::Error> {
        new.fill(text)?;
        match self.mode {
            Some(mode) if !secrets => new.set_mode(mode & 0o777),
            Some(_) | None => Ok(()),
        }
    }
}

/// The file itself, where `path` is a link to it.
fn resolve(path: &Path) -> Result<PathBuf, state::Error> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => std::fs::canonicalize(path)
            .map_err(|error| state::Error::write(path, format!("it is a symbolic link that leads nowhere: {error}"))),
        _ => Ok(path.to_owned()),
    }
}
