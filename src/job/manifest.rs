//! The manifest: a line of JSON for each file that an exchange made, each profile that it wrote, and each client token
//! that it left alive.
//!
//! A file is known by device and inode as well as by path: what somebody put in its place since is not ours to delete.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::lock::is_still;
use super::{Directory, Error};
use crate::aws::profile::Written;
use crate::secret::Secret;
use crate::vault::LeftToken;

const NAME: &str = "manifest";

/// A file that is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// A directory, whatever is in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tree: bool,
}

impl Entry {
    pub(super) fn of(file: &File, path: &Path) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self { path: path.into(), device: found.dev(), inode: found.ino(), tree: false })
    }

    pub(super) fn of_tree(path: &Path) -> io::Result<Self> {
        let found = path.symlink_metadata()?;
        Ok(Self { path: path.into(), device: found.dev(), inode: found.ino(), tree: true })
    }

    /// A link or a pipe in its place may have been given its number.
    fn is(&self, found: &Metadata) -> bool {
        let kind = if self.tree { found.is_dir() } else { found.is_file() };
        kind && (self.device, self.inode) == (found.dev(), found.ino())
    }

    /// Deletes the file where it is still the same one.
    fn remove(&self) -> io::Result<bool> {
        match self.path.symlink_metadata() {
            Ok(found) if self.is(&found) && self.tree => std::fs::remove_dir_all(&self.path).map(|()| true),
            Ok(found) if self.is(&found) => std::fs::remove_file(&self.path).map(|()| true),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A file with a client token, and what is to be known to end that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFile {
    client_token: Entry,
    /// How the token is ended.
    pub vault: LeftToken,
}

impl TokenFile {
    pub(super) fn new(file: &Entry, left: &LeftToken) -> Self {
        Self { client_token: file.clone(), vault: left.clone() }
    }

    /// The token, where the file is still the same one and has it.
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        const LONGEST: u64 = 64 << 10;
        let entry = &self.client_token;
        if !entry.is(&entry.path.symlink_metadata().ok()?) {
            return None;
        }
        let mut text = String::new();
        File::open(&entry.path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
        (!text.is_empty()).then(|| Secret::new(text))
    }
}

/// What `clean` did.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// Files deleted, and those that a profile was taken out of.
    pub removed: Vec<PathBuf>,
    /// Files that would not go, with the reason; they stay in the manifest.
    pub kept: Vec<(PathBuf, String)>,
    /// Client tokens that are still there.
    pub tokens: Vec<TokenFile>,
}

/// A line of the manifest.
#[derive(Deserialize)]
#[serde(untagged)]
enum Leftover {
    File(Entry),
    Profile(Written),
    Token(TokenFile),
}

impl Leftover {
    fn path(&self) -> &Path {
        match self {
            Self::File(entry) => &entry.path,
            Self::Profile(written) => written.path(),
            Self::Token(token) => &token.client_token.path,
        }
    }

    fn undo(&self) -> Result<bool, String> {
        match self {
            Self::File(entry) => entry.remove().map_err(|error| error.to_string()),
            Self::Profile(written) => written.undo(),
            Self::Token(token) => token.client_token.remove().map_err(|error| error.to_string()),
        }
    }
}

impl Directory {
    pub(super) fn append(&self, entry: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(entry).map_err(|error| Error::write(self.0.join(NAME), error))?;
        line.push(b'\n');
        let mut manifest = self.locked()?;
        let written = manifest.metadata().and_then(|found| {
            // Part of a line would spoil the next one, which begins behind it.
            manifest.write_all(&line).inspect_err(|_| drop(manifest.set_len(found.len())))
        });
        written.map_err(|error| Error::write(self.0.join(NAME), error))
    }

    /// Deletes what the manifest names and nothing else, then the manifest, then the directory if it is empty. Client
    /// tokens stay until they are known to have ended, and the manifest with them.
    ///
    /// # Errors
    /// When the manifest cannot be read or written, or is not one.
    pub fn clean(&self) -> Result<Cleaned, Error> {
        self.sweep(&|leftover| !matches!(leftover, Leftover::Token(_)))
    }

    /// The same for these tokens alone.
    ///
    /// # Errors
    /// As for [`clean`](Self::clean).
    pub fn forget_tokens(&self, ended: &[TokenFile]) -> Result<Cleaned, Error> {
        self.sweep(&|leftover| matches!(leftover, Leftover::Token(token) if ended.contains(token)))
    }

    /// The same for these files alone.
    pub(super) fn forget(&self, entries: &[Entry]) -> Result<Cleaned, Error> {
        self.sweep(&|leftover| match leftover {
            Leftover::File(entry) | Leftover::Token(TokenFile { client_token: entry, .. }) => entries.contains(entry),
            Leftover::Profile(_) => false,
        })
    }

    fn sweep(&self, wanted: &dyn Fn(&Leftover) -> bool) -> Result<Cleaned, Error> {
        let path = self.0.join(NAME);
        let mut cleaned = Cleaned::default();
        if path.symlink_metadata().is_ok() {
            let fail = |error: io::Error| Error::write(&path, error);
            let mut manifest = self.locked()?;
            let mut text = String::new();
            manifest.rewind().and_then(|()| manifest.read_to_string(&mut text)).map_err(fail)?;
            let mut rest = String::new();
            for line in text.lines() {
                let Ok(leftover) = serde_json::from_str::<Leftover>(line) else {
                    // A line cut short, with the machine itself: its file was never filled.
                    tracing::warn!("{}: a line that cannot be read is dropped", path.display());
                    continue;
                };
                let removed = if wanted(&leftover) { leftover.undo().map(Some) } else { Ok(None) };
                match removed {
                    Ok(Some(true)) => cleaned.removed.push(leftover.path().to_owned()),
                    Ok(Some(false)) => {}
                    Ok(None) => {
                        rest.push_str(line);
                        rest.push('\n');
                        if let Leftover::Token(token) = leftover {
                            cleaned.tokens.push(token);
                        }
                    }
                    Err(why) => {
                        rest.push_str(line);
                        rest.push('\n');
                        cleaned.kept.push((leftover.path().to_owned(), why));
                    }
                }
            }
            if rest.is_empty() {
                std::fs::remove_file(&path).map_err(fail)?;
            } else {
                manifest.set_len(0).and_then(|()| manifest.write_all(rest.as_bytes())).map_err(fail)?;
            }
        }
        match std::fs::remove_dir(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(Error::write(&self.0, error)),
            _ => Ok(cleaned),
        }
    }

    /// The manifest, open for appending and locked against the job's other exchanges until it is dropped.
    fn locked(&self) -> Result<File, Error> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let path = self.0.join(NAME);
        let fail = |error: io::Error| Error::write(&path, error);
        let started = Instant::now();
        loop {
            let open = || OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&path);
            let file = self.still_there(open).map_err(fail)?;
            match file.try_lock() {
                // `clean` may have deleted the file between the two steps.
                Ok(()) if is_still(&path, &file) => return Ok(file),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => return Err(Error::write(&path, "another process holds its lock")),
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
        }
    }
}
