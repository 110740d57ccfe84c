//! One of the shared files, and what is written into it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ini::{self, Changed, Kind, Malformed, Refused, Setting, Wanted};
use crate::edited_file::{EditedFile, Editor};
use crate::error::{Error, Usage};
use crate::state::{self, NewFile, StateDir};

const EDITOR: Editor =
    Editor { option: "--profile", elsewhere: "name other files with AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE" };

/// What is to become of one file.
pub(super) struct Change<'p> {
    pub(super) kind: Kind,
    pub(super) profile: &'p str,
    pub(super) settings: Vec<Setting>,
    /// Settings of the other file that this one would beat.
    pub(super) elsewhere: Vec<Setting>,
    pub(super) overwrite: bool,
    /// What tells this run from every other one.
    pub(super) run: &'p str,
}

/// A file under its lock.
pub(super) struct SharedFile(EditedFile);

impl SharedFile {
    /// Locks and reads what is at `path`, or where a link there leads. The directory is made where it is missing.
    pub(super) async fn open(path: &Path, place: &StateDir) -> Result<Self, state::Error> {
        EDITOR.open(path, place).await.map(Self)
    }

    /// Sees that `change` could be made; what is missing is not made yet.
    pub(super) async fn foresee(path: &Path, change: &Change<'_>, place: &StateDir) -> Result<(), Error> {
        let found = EDITOR.look(path, place).await?;
        let text = found.content.as_ref().map(|content| content.bytes.as_slice()).unwrap_or_default();
        changed(&found.path, text, change, false)?;
        Ok(EDITOR.foresee(&found)?)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The text with `change` made, or nothing where it would be the same.
    pub(super) fn with(&self, change: &Change<'_>) -> Result<Option<Changed>, Error> {
        if let Some(header) = ini::odd_header(self.0.text(), change.kind, change.profile) {
            tracing::warn!(
                "{} has the profile as [{header}], which some tools do not find: write [{}]",
                self.path().display(),
                change.kind.section(change.profile)
            );
        }
        changed(self.path(), self.0.text(), change, self.0.is_new())
    }

    /// Fills `new` with `text`. Its mode becomes the old one's, but nobody else reads credentials.
    pub(super) fn fill(&self, new: &mut NewFile, kind: Kind, text: &[u8]) -> Result<(), state::Error> {
        self.0.fill(new, text, kind == Kind::Credentials)
    }
}

fn changed(path: &Path, text: &[u8], change: &Change<'_>, new_file: bool) -> Result<Option<Changed>, Error> {
    let Change { kind, profile, settings, elsewhere, overwrite, run } = change;
    let wanted = Wanted { profile, settings, elsewhere, overwrite: *overwrite, run, new_file };
    ini::set(text, *kind, &wanted).map_err(|refused| {
        Error::from(match refused {
            Refused::Malformed(fault) => malformed(path, &fault),
            Refused::Foreign { keys } => Usage::new(format!(
                "--profile: {} has a profile {} that is not ours ({})",
                path.display(),
                change.profile,
                keys.join(", ")
            ))
            .hint("choose another name, or take it over with --overwrite-profile; its other settings are kept"),
        })
    })
}

fn malformed(path: &Path, fault: &Malformed) -> Usage {
    Usage::new(format!("--profile: {}, {fault}", path.display()))
        .hint("correct this line: the AWS CLI cannot read the file either. It was left as it is")
}

/// What `clean` must know to take a profile out again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Written {
    profile: String,
    file: PathBuf,
    kind: Kind,
    /// The comments in the file that tell what this run wrote.
    marks: Vec<String>,
}

impl Written {
    /// The kind of its note in the manifest.
    pub(crate) const KIND: &'static str = "aws-profile";

    pub(super) fn new(file: &SharedFile, change: &Change<'_>, marks: &[String]) -> Self {
        let (profile, file) = (change.profile.to_owned(), file.path().to_owned());
        Self { profile, file, kind: change.kind, marks: marks.to_vec() }
    }

    /// Takes out what was written, where it is still there and still ours; whether it was.
    ///
    /// # Errors
    /// Why it could not be.
    pub(crate) async fn undo(&self, place: &StateDir) -> Result<bool, String> {
        let why = |error: state::Error| error.to_string();
        let found = EDITOR.look(&self.file, place).await.map_err(why)?;
        if found.path != self.file {
            return Err(why(state::Error::write(&self.file, "it is not an ordinary file")));
        }
        if found.content.is_none() {
            return Ok(false);
        }
        let file = SharedFile::open(&self.file, place).await.map_err(why)?;
        let restored = ini::unset(file.0.text(), self.kind, &self.profile, &self.marks);
        let Some(restored) = restored.map_err(|fault| fault.to_string())? else { return Ok(false) };
        if restored.ours && restored.text.trim_ascii().is_empty() {
            state::remove_file(file.path()).map_err(|error| error.to_string())?;
        } else {
            let mut new = NewFile::beside(file.path()).map_err(why)?;
            place.open().map_err(why)?.record_restored(&mut new).await.map_err(why)?;
            file.fill(&mut new, self.kind, &restored.text).and_then(|()| new.put()).map_err(why)?;
        }
        Ok(true)
    }
}
