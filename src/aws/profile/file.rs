//! Changes one of the shared files.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ini::{self, Changed, Kind, Malformed, Refused, Setting, Wanted};
use crate::edited_file::{EditedFile, Editor};
use crate::error::{Error, Usage};
use crate::state::{self, NewFile, StateDir};

const EDITOR: Editor =
    Editor { option: "--profile", elsewhere: "name other files with AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE" };

/// A change of one file.
pub(super) struct Change<'p> {
    pub(super) kind: Kind,
    pub(super) profile: &'p str,
    pub(super) settings: Vec<Setting>,
    /// Settings of the other file that the same settings in this file would override.
    pub(super) elsewhere: Vec<Setting>,
    pub(super) overwrite: bool,
    /// The unique name of this run.
    pub(super) run: &'p str,
}

/// A locked file.
pub(super) struct SharedFile(EditedFile);

impl SharedFile {
    /// Locks and reads the file at `path`, or the target if it is a symlink. A missing directory is created.
    pub(super) async fn open(path: &Path, place: &StateDir) -> Result<Self, state::Error> {
        EDITOR.open(path, place).await.map(Self)
    }

    /// Checks that `change` is possible. Nothing is created.
    pub(super) async fn foresee(path: &Path, change: &Change<'_>, place: &StateDir) -> Result<(), Error> {
        let found = EDITOR.look(path, place).await?;
        let text = found.content.as_ref().map(|content| content.bytes.as_slice()).unwrap_or_default();
        changed(&found.path, text, change, false)?;
        Ok(EDITOR.foresee(&found)?)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The text with `change`; `None` if the text stays the same.
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

    /// Whether the file is as it was read.
    pub(super) async fn is_as_read(&self, place: &StateDir) -> Result<bool, state::Error> {
        self.0.is_as_read(place).await
    }

    /// Writes `text` to `new`, which gets the old file's mode. Only the user can read a file with credentials.
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

/// The data that `clean` needs to remove a profile.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Written {
    profile: String,
    file: PathBuf,
    kind: Kind,
    /// The comments in the file that list what this run wrote.
    marks: Vec<String>,
}

impl Written {
    /// The kind of its note in the manifest.
    pub(crate) const KIND: &'static str = "aws-profile";

    pub(super) fn new(file: &SharedFile, change: &Change<'_>, marks: &[String]) -> Self {
        let (profile, file) = (change.profile.to_owned(), file.path().to_owned());
        Self { profile, file, kind: change.kind, marks: marks.to_vec() }
    }

    /// Removes what was written, unless it was removed or changed. Returns whether something was removed.
    ///
    /// # Errors
    /// Why it could not be removed.
    pub(crate) async fn undo(&self, place: &StateDir) -> Result<bool, String> {
        let undone = EDITOR.edit_again(&self.file, place, async |file| self.undo_in(file, place).await);
        Ok(undone.await?.unwrap_or(false))
    }

    async fn undo_in(&self, file: &EditedFile, place: &StateDir) -> Result<Option<bool>, String> {
        let why = |error: state::Error| error.to_string();
        let restored = ini::unset(file.text(), self.kind, &self.profile, &self.marks);
        let Some(restored) = restored.map_err(|fault| fault.to_string())? else { return Ok(Some(false)) };
        let done = if restored.ours && restored.text.trim_ascii().is_empty() {
            file.remove(place).await.map_err(why)?
        } else {
            let mut new = NewFile::beside(file.path()).map_err(why)?;
            place.open().map_err(why)?.record_restored(&mut new).await.map_err(why)?;
            file.fill(&mut new, &restored.text, self.kind == Kind::Credentials).map_err(why)?;
            file.put(new, place).await.map_err(why)?
        };
        Ok(done.then_some(true))
    }
}
