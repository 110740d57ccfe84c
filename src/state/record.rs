//! A line of the manifest: what was made, by what it is known to be ours, and a note for whoever made it.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::object::{Kind, Object, Seen};
use super::random_name;
use crate::secret::Secret;

/// Something that an exchange made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Tells two lines of the same content apart.
    id: String,
    path: PathBuf,
    made: Made,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
}

/// What is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Made {
    /// Whatever is there, as long as it is empty. This is written down before it is made, when nothing else is known yet.
    Empty,
    /// A file with this content. It comes there from `temporary`, where it may be cut short.
    File { object: Object, size: u64, sha256: String, temporary: PathBuf },
    /// A directory, whatever is in it.
    Directory { object: Object },
    /// Something in a file that is not ours, which the note undoes. A copy comes there from `temporary`.
    Change { object: Object, temporary: PathBuf },
    /// The private directory itself, which goes when it is empty.
    PrivateDirectory { object: Object },
}

/// What is to be known to undo what was made. Only the module that wrote it reads the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    kind: String,
    value: Value,
}

/// What became of a record when it was to be undone.
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

impl Made {
    pub(super) fn file(object: Object, content: &[u8], temporary: PathBuf) -> Self {
        Self::File { object, size: content.len() as u64, sha256: hex(Sha256::digest(content)), temporary }
    }
}

impl Record {
    pub(super) fn new(path: impl Into<PathBuf>, made: Made, note: Option<Note>) -> Self {
        Self { id: random_name(), path: path.into(), made, note }
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

    pub(super) fn is_private_directory(&self, found: &Seen) -> bool {
        matches!(&self.made, Made::PrivateDirectory { object } if object.is(&found.object))
    }

    pub(super) fn is_of_private_directory(&self) -> bool {
        matches!(self.made, Made::PrivateDirectory { .. })
    }

    /// The file's content, where it is still what was written.
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        let Made::File { object, size, sha256, .. } = &self.made else { return None };
        let (parent, _) = look(&self.path).ok()??;
        let bytes = read(&open(&parent, &self.path).ok()?, object, *size, sha256).ok()??;
        String::from_utf8(bytes).ok().filter(|text| !text.is_empty()).map(Secret::new)
    }

    /// Deletes what was made, where it is still the same and has what was written.
    #[must_use]
    pub fn remove(&self) -> Outcome {
        match &self.made {
            Made::Empty => remove_empty(&self.path).unwrap_or_else(|error| Outcome::Failed(error.to_string())),
            Made::File { object, size, sha256, temporary } => Outcome::of(
                remove_file(temporary, object, None)
                    .and_then(|gone| Ok(remove_file(&self.path, object, Some((*size, sha256)))? || gone)),
            ),
            Made::Change { object, temporary } => Outcome::of(remove_file(temporary, object, None)),
            Made::Directory { object } => Outcome::of(remove_directory(&self.path, object)),
            Made::PrivateDirectory { .. } => Outcome::Kept,
        }
    }
}

/// What is at `path`, and the directory that it is in: what is found, read and deleted by way of that is in one place,
/// whatever becomes of the directories above.
fn look(path: &Path) -> io::Result<Option<(File, Seen)>> {
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let opened = rustix::fs::openat(CWD, directory, access | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let found = opened.map_err(io::Error::from).map(File::from).and_then(|parent| {
        let seen = Seen::within(&parent, path)?;
        Ok((parent, seen))
    });
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn open(parent: &File, path: &Path) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(parent, path.file_name().unwrap_or_default(), flags, Mode::empty()).map(File::from)
}

fn unlink(parent: &File, path: &Path, flags: AtFlags) -> rustix::io::Result<()> {
    rustix::fs::unlinkat(parent, path.file_name().unwrap_or_default(), flags)
}

/// Deletes `object` at `path`, if its content is the one given; a file that has been written to since is left.
fn remove_file(path: &Path, object: &Object, content: Option<(u64, &str)>) -> io::Result<bool> {
    let Some((parent, found)) = look(path)? else { return Ok(false) };
    if found.kind != Kind::File || !object.is(&found.object) {
        return Ok(false);
    }
    let is_as_written = |(size, sha256)| match open(&parent, path) {
        Ok(file) => Ok(read(&file, object, size, sha256)?.is_some()),
        // Made under a umask that left its owner nothing: nobody has written to it since by its name.
        Err(rustix::io::Errno::ACCESS) => Ok(true),
        Err(error) => Err(io::Error::from(error)),
    };
    if !content.map_or(Ok(true), is_as_written)? {
        tracing::warn!("{}: it was changed since it was written, and is left as it is", path.display());
        return Ok(false);
    }
    unlink(&parent, path, AtFlags::empty())?;
    Ok(true)
}

/// The content of `object`, if it is open as `file` and has that size and digest.
fn read(mut file: &File, object: &Object, size: u64, sha256: &str) -> io::Result<Option<Vec<u8>>> {
    let found = Seen::of(file)?;
    if found.size != size || !object.is(&found.object) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(size).read_to_end(&mut bytes)?;
    Ok((hex(Sha256::digest(&bytes)) == sha256).then_some(bytes))
}

fn remove_directory(path: &Path, object: &Object) -> io::Result<bool> {
    match look(path)? {
        Some((_, found)) if found.kind == Kind::Directory && object.is(&found.object) => {
            std::fs::remove_dir_all(path).map(|()| true)
        }
        _ => Ok(false),
    }
}

/// Deletes an empty file or directory of ours. A file that somebody has locked is in use.
fn remove_empty(path: &Path) -> io::Result<Outcome> {
    let Some((parent, found)) = look(path)? else { return Ok(Outcome::Absent) };
    if found.owner != rustix::process::geteuid().as_raw() {
        return Ok(Outcome::Absent);
    }
    let flags = match found.kind {
        Kind::Directory => AtFlags::REMOVEDIR,
        Kind::File if found.size == 0 => {
            if matches!(open(&parent, path)?.try_lock(), Err(TryLockError::WouldBlock)) {
                return Ok(Outcome::Kept);
            }
            AtFlags::empty()
        }
        Kind::File | Kind::Link | Kind::Other => return Ok(Outcome::Absent),
    };
    match unlink(&parent, path, flags) {
        Ok(()) => Ok(Outcome::Undone),
        Err(rustix::io::Errno::NOTEMPTY | rustix::io::Errno::EXIST | rustix::io::Errno::NOENT) => Ok(Outcome::Absent),
        Err(error) => Err(error.into()),
    }
}

fn hex(digest: impl AsRef<[u8]>) -> String {
    use std::fmt::Write;
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
