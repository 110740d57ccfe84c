//! A line of the manifest: a file, by what it is known to be ours, and a note for whoever made it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::Secret;

/// A file that an exchange made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    path: PathBuf,
    /// None where the file is not ours and only something in it is; then there is a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
}

/// How a file is told from another one that somebody put in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    device: u64,
    inode: u64,
    /// A directory, whatever is in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    directory: bool,
}

/// What is to be known to undo what was made. Only the module that wrote it reads the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    kind: String,
    value: Value,
}

/// What became of a record when the manifest was gone through.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has been undone.
    Undone,
    /// There was nothing of ours to undo.
    Absent,
    /// It stays in the manifest.
    Kept,
    /// It could not be undone for this reason, and stays in the manifest.
    Failed(String),
    /// Nobody can read it.
    Unreadable,
}

impl Outcome {
    /// From an attempt that gives whether there was something to undo.
    pub fn of<E: std::fmt::Display>(attempt: Result<bool, E>) -> Self {
        match attempt {
            Ok(true) => Self::Undone,
            Ok(false) => Self::Absent,
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

impl Identity {
    fn new(found: &Metadata, directory: bool) -> Self {
        Self { device: found.dev(), inode: found.ino(), directory }
    }

    /// A link or a pipe in its place may have been given its number.
    fn is(&self, found: &Metadata) -> bool {
        let kind = if self.directory { found.is_dir() } else { found.is_file() };
        kind && (self.device, self.inode) == (found.dev(), found.ino())
    }
}

impl Note {
    pub(super) fn new(kind: &str, value: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self { kind: kind.to_owned(), value: serde_json::to_value(value)? })
    }

    /// Which module's it is, and which of its kinds.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The value, where it is a `T`.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.value).ok()
    }
}

impl Record {
    pub(super) fn of(file: &File, path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.into(), identity: Some(Identity::new(&file.metadata()?, false)), note: None })
    }

    pub(super) fn of_directory(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.into(), identity: Some(Identity::new(&path.symlink_metadata()?, true)), note: None })
    }

    /// Something in the file at `path`, which is not ours.
    pub(super) fn of_change(path: &Path, note: Note) -> Self {
        Self { path: path.into(), identity: None, note: Some(note) }
    }

    pub(super) fn with(self, note: Note) -> Self {
        Self { note: Some(note), ..self }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is to be known besides the file; none where deleting it is all.
    #[must_use]
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// The file's content, where it is still the same file and has any.
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        const LONGEST: u64 = 64 << 10;
        if !self.identity.as_ref()?.is(&self.path.symlink_metadata().ok()?) {
            return None;
        }
        let mut text = String::new();
        File::open(&self.path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
        (!text.is_empty()).then(|| Secret::new(text))
    }

    /// Deletes the file where it is still the same one.
    #[must_use]
    pub fn remove(&self) -> Outcome {
        let Some(identity) = &self.identity else { return Outcome::Absent };
        Outcome::of(match self.path.symlink_metadata() {
            Ok(found) if !identity.is(&found) => Ok(false),
            Ok(_) if identity.directory => std::fs::remove_dir_all(&self.path).map(|()| true),
            Ok(_) => std::fs::remove_file(&self.path).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        })
    }
}
