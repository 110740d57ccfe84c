//! The data that `clean` needs to remove a helper from Docker's `config.json`.
//!
//! The previous content is in a private file, because it may contain passwords. The manifest has a digest of the new
//! content.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::docker_config;
use super::kept;
use super::place::EDITOR;
use crate::edited_file::EditedFile;
use crate::secret::Secret;
use crate::state::{self, Directory, MadeDirectories, NewFile, NewFiles, Record, StateDir};

/// A change of `config.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    config: PathBuf,
    servers: Vec<String>,
    before: Before,
    /// The digest of the new content.
    sha256: String,
    /// The directories that were created for the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    made: Vec<PathBuf>,
}

/// The previous content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Before {
    /// The file did not exist.
    Absent,
    /// The file was empty.
    Empty,
    /// It is in the record's own file.
    Kept,
}

/// The result of undoing a change.
enum Restored {
    /// Nothing of ours is in the file.
    AsItIs,
    /// The file must be deleted.
    Absent,
    /// The file gets this content.
    Text(Secret),
}

impl Written {
    /// The kind of its note in the manifest.
    pub const KIND: &'static str = "docker-config";

    /// Writes `text` to `file`, and records how to undo that.
    pub(super) async fn write(
        file: &EditedFile,
        text: &str,
        servers: &[String],
        mut changes: NewFiles,
        directory: &Directory,
    ) -> Result<(), state::Error> {
        let before = match file.text() {
            _ if file.is_new() => Before::Absent,
            [] => Before::Empty,
            _ => Before::Kept,
        };
        let config = file.path().to_owned();
        let (servers, made) = (servers.to_vec(), file.made().to_vec());
        let written = Self { config, servers, before, sha256: digest(text.as_bytes()), made };
        if before != Before::Kept {
            let mut new = NewFile::beside(file.path())?;
            changes.change(&mut new, Self::KIND, &written).await?;
            file.fill(&mut new, text.as_bytes(), false)?;
            new.put()?;
            changes.keep();
            return Ok(());
        }
        let old = Secret::new(String::from_utf8_lossy(file.text()).into_owned());
        changes.noted("docker-config", &old, Self::KIND, &written).await?;
        put(file, text, directory, || changes.keep()).await
    }

    /// Undoes the change. If nobody else has changed the file, the previous content is restored; otherwise only our
    /// change is removed. Returns whether there was something to undo; `None` if a registry is still in use, by a
    /// file in `users`.
    ///
    /// # Errors
    /// Why it could not be undone.
    pub async fn undo(
        &self,
        record: &Record,
        place: &StateDir,
        users: Option<&Directory>,
    ) -> Result<Option<bool>, String> {
        let why = |error: state::Error| error.to_string();
        // Dropped after the file's lock.
        let _made = MadeDirectories::earlier(&self.made);
        let found = EDITOR.look(&self.config, place).await.map_err(why)?;
        if found.path != self.config {
            return Err(why(state::Error::write(&self.config, "it is a symbolic link")));
        }
        if found.content.is_none() {
            return Ok(Some(false));
        }
        let file = EDITOR.open(&self.config, place).await.map_err(why)?;
        if let Some(directory) = users {
            for server in &self.servers {
                let users = kept::kept(directory, server).await.map_err(|error| error.to_string())?;
                if !users.is_empty() {
                    return Ok(None);
                }
            }
        }
        let text = match self.restored(file.text(), record)? {
            Restored::AsItIs => return Ok(Some(false)),
            Restored::Absent => {
                state::remove_file(file.path()).map_err(|error| error.to_string())?;
                return Ok(Some(true));
            }
            Restored::Text(text) => text,
        };
        put(&file, text.reveal(), &place.open().map_err(why)?, || ()).await.map_err(why)?;
        Ok(Some(true))
    }

    fn restored(&self, now: &[u8], record: &Record) -> Result<Restored, String> {
        let before = match self.before {
            Before::Absent | Before::Empty => None,
            Before::Kept => record.secret(),
        };
        if digest(now) == self.sha256 {
            match (self.before, &before) {
                (Before::Absent, _) => return Ok(Restored::Absent),
                (Before::Empty, _) => return Ok(Restored::Text(Secret::new(String::new()))),
                (Before::Kept, Some(before)) => return Ok(Restored::Text(before.clone())),
                // The file with the previous content was deleted or changed.
                (Before::Kept, None) => {}
            }
        }
        let now = std::str::from_utf8(now).map_err(|_| malformed(&self.config, "it is not text"))?;
        let before = before.as_ref().map_or("", Secret::reveal);
        let text =
            docker_config::unregister(now, before, &self.servers).map_err(|why| malformed(&self.config, &why))?;
        Ok(text.map_or(Restored::AsItIs, |text| Restored::Text(Secret::new(text))))
    }
}

/// Writes `text` to `file`. Then calls `done` at once, because a caller may be stopped at any await.
async fn put(file: &EditedFile, text: &str, directory: &Directory, done: impl FnOnce()) -> Result<(), state::Error> {
    let mut new = NewFile::beside(file.path())?;
    let records = directory.record_restored(&mut new).await?;
    file.fill(&mut new, text.as_bytes(), false)?;
    new.put()?;
    done();
    // Obsolete records are harmless.
    let _ = directory.settle(&records).await;
    Ok(())
}

fn malformed(config: &Path, why: &str) -> String {
    format!("{}: {why}", config.display())
}

fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
