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

    /// Writes `text` to `file`, and records how to undo that. Returns whether it is done, as [`EditedFile::put`] does.
    pub(super) async fn write(
        file: &EditedFile,
        text: &str,
        servers: &[String],
        mut changes: NewFiles,
        place: &StateDir,
    ) -> Result<bool, state::Error> {
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
            let done = file.put(new, place).await?;
            if done {
                changes.keep();
            }
            return Ok(done);
        }
        let old = Secret::new(String::from_utf8_lossy(file.text()).into_owned());
        changes.noted("docker-config", &old, Self::KIND, &written).await?;
        put(file, text, place, || changes.keep()).await
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
        let undone = EDITOR.edit_again(&self.config, place, async |file| {
            if let Some(directory) = users {
                for server in &self.servers {
                    let users = kept::kept(directory, server).await.map_err(|error| error.to_string())?;
                    if !users.is_empty() {
                        return Ok(Some(None));
                    }
                }
            }
            let done = match self.restored(file.text(), record)? {
                Restored::AsItIs => return Ok(Some(Some(false))),
                Restored::Absent => file.remove(place).await.map_err(why)?,
                Restored::Text(text) => put(file, text.reveal(), place, || ()).await.map_err(why)?,
            };
            Ok(done.then_some(Some(true)))
        });
        Ok(undone.await?.unwrap_or(Some(false)))
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

/// Writes `text` to `file`. Returns whether it is done, as [`EditedFile::put`] does. Calls `then` at once, because a caller may be stopped
/// at any await.
async fn put(file: &EditedFile, text: &str, place: &StateDir, then: impl FnOnce()) -> Result<bool, state::Error> {
    let directory = place.open()?;
    let mut new = NewFile::beside(file.path())?;
    let records = directory.record_restored(&mut new).await?;
    file.fill(&mut new, text.as_bytes(), false)?;
    let done = file.put(new, place).await?;
    if done {
        then();
    }
    // Obsolete records are harmless.
    let _ = directory.settle(&records).await;
    Ok(done)
}

fn malformed(config: &Path, why: &str) -> String {
    format!("{}: {why}", config.display())
}

fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
