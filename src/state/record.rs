//! A line of the manifest: what was created, how to recognize it, and a note for the module that created it.

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::object::{Kind, Object, Seen};
use super::removal::{self, hex};
use super::{random_name, write_private};
use crate::secret::Secret;

/// A thing that an exchange created or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// A unique id, because lines may have equal content.
    id: String,
    path: PathBuf,
    made: Made,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
}

/// The kind of thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Made {
    /// No file. Only the note matters.
    Nothing,
    /// Anything, if it is empty. This is recorded before the creation, when nothing else is known.
    Empty,
    /// A file with this content. It is moved there from `temporary`, where it may be incomplete.
    File { object: Object, size: u64, sha256: String, temporary: PathBuf },
    /// A directory with any content. If its time of birth is unknown, it is recognized by this file in it.
    Directory {
        object: Object,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<PathBuf>,
    },
    /// A change of another program's file. The note describes how to undo it. A copy is moved there from `temporary`.
    Change { object: Object, temporary: PathBuf },
    /// The private directory itself. It is deleted if it is empty.
    PrivateDirectory { object: Object },
}

/// The data for undoing a change. Only the module that wrote it reads the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    kind: String,
    value: Value,
}

/// The result of undoing a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has been undone.
    Undone,
    /// Nothing of ours was left to undo.
    Absent,
    /// It was not undone, and stays in the manifest.
    Kept,
    /// It could not be undone, for this reason, and stays in the manifest.
    Failed(String),
}

impl Outcome {
    /// Converts the result of an attempt, which is whether something was undone.
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

    /// The kind, which identifies the module and the type of the note.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The value, if it is a valid `T`.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.value).ok()
    }
}

impl Made {
    pub(super) fn directory(object: Object, path: &Path) -> Self {
        let mark = (!object.is_certain()).then(|| path.join(format!(".oidc-exchange-{}", random_name())));
        Self::Directory { object, mark }
    }

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

    /// The note; `None` if only the file must be deleted.
    #[must_use]
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    pub(super) fn is_private_directory(&self, found: &Seen) -> bool {
        matches!(&self.made, Made::PrivateDirectory { object } if object.is(&found.object))
    }

    /// Whether `other` differs in nothing but its id.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        (&self.path, &self.made, &self.note) == (&other.path, &other.made, &other.note)
    }

    pub(super) fn is_of_private_directory(&self) -> bool {
        matches!(self.made, Made::PrivateDirectory { .. })
    }

    /// The file's content, if it is unchanged.
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        let Made::File { object, size, sha256, .. } = &self.made else { return None };
        let bytes = removal::content(&self.path, object, *size, sha256).ok()??;
        String::from_utf8(bytes).ok().filter(|text| !text.is_empty()).map(Secret::new)
    }

    /// Creates the identifying file in a directory, if it needs one.
    pub(super) fn mark(&self) -> io::Result<()> {
        if let Made::Directory { mark: Some(mark), .. } = &self.made { write_private(mark, b"") } else { Ok(()) }
    }

    /// Warns if another file is in the place of ours: it may contain the same credentials.
    pub fn warn_if_replaced(&self) {
        let Made::File { object, .. } = &self.made else { return };
        if Seen::at(&self.path).is_ok_and(|found| found.kind == Kind::File && !object.is(&found.object)) {
            tracing::warn!("{}: it was replaced since it was written, and is left as it is", self.path.display());
        }
    }

    /// Deletes what was created, if it is the same object with the same content.
    #[must_use]
    pub fn remove(&self) -> Outcome {
        match &self.made {
            Made::Nothing => Outcome::Absent,
            Made::Empty => match removal::empty(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => Outcome::Kept,
                removed => Outcome::of(removed),
            },
            Made::File { object, size, sha256, temporary } => Outcome::of(
                removal::file(temporary, object, None)
                    .and_then(|gone| Ok(removal::file(&self.path, object, Some((*size, sha256)))? || gone)),
            ),
            Made::Change { object, temporary } => Outcome::of(removal::file(temporary, object, None)),
            Made::Directory { object, mark } => {
                let is_marked = mark.as_ref().is_none_or(|mark| mark.symlink_metadata().is_ok());
                Outcome::of(if is_marked { removal::directory(&self.path, object) } else { Ok(false) })
            }
            Made::PrivateDirectory { .. } => Outcome::Kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without times of birth, a new object may be confused with the recorded one.
    #[test]
    fn a_directory_that_is_known_by_its_mark_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let make = || {
            std::fs::create_dir(&path).unwrap();
            Seen::at(&path).unwrap().object.without_birth()
        };
        let record = Record::new(&path, Made::directory(make(), &path), None);
        record.mark().unwrap();
        std::fs::write(path.join("token"), "theirs").unwrap();
        assert_eq!((record.remove(), record.remove()), (Outcome::Undone, Outcome::Absent));

        let record = Record::new(&path, Made::directory(make(), &path), None);
        record.mark().unwrap();
        std::fs::remove_dir_all(&path).unwrap();
        // The inode number is ignored here.
        let Made::Directory { mark, .. } = record.made else { panic!("it is a directory") };
        let another = Made::Directory { object: make(), mark };
        std::fs::write(path.join("notes"), "mine").unwrap();
        assert_eq!(Record::new(&path, another, None).remove(), Outcome::Absent);
        assert!(path.join("notes").exists());
    }

    #[test]
    fn what_is_written_down_comes_back() {
        let object = Object::default();
        let made = [
            Made::Nothing,
            Made::Empty,
            Made::file(object.clone(), b"a", "/t".into()),
            Made::directory(object.clone(), Path::new("/d")),
            Made::Change { object: object.clone(), temporary: "/t".into() },
            Made::PrivateDirectory { object },
        ];
        for made in made {
            let note = Note::new("kind", &vec![i64::MAX]).ok();
            let record = Record::new("/a\n'b", made, note);
            let line = serde_json::to_string(&record).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
        }
    }
}
