//! What one exchange makes, until it is sure to be wanted.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::manifest::Entry;
use super::new_file::without_temporary_name;
use super::{Directory, Error, NewFile, TokenFile};
use crate::secret::Secret;
use crate::vault::LeftToken;

/// Files and directories that one exchange has made. They are deleted when this is dropped, a signal's end or a
/// failure's included, unless they are [kept](Made::keep).
#[derive(Debug)]
pub struct Made {
    directory: Directory,
    entries: Vec<Entry>,
    kept: bool,
}

impl Made {
    pub(super) fn new(directory: Directory) -> Self {
        Self { directory, entries: Vec::new(), kept: false }
    }

    /// The private directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.directory.0
    }

    /// A new 0600 file in the private directory, as [`Directory::file`]. `content` is given its path.
    ///
    /// # Errors
    /// When it cannot be made, written down or written.
    pub fn file(&mut self, stem: &str, content: impl FnOnce(&Path) -> Result<Secret, Error>) -> Result<PathBuf, Error> {
        self.bytes(stem, |path| content(path).map(|text| text.reveal().as_bytes().to_vec()))
    }

    /// The same with content that need not be text.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn bytes(
        &mut self,
        stem: &str,
        content: impl FnOnce(&Path) -> Result<Vec<u8>, Error>,
    ) -> Result<PathBuf, Error> {
        let (path, entry) = self.directory.new_file(stem, content, Directory::append)?;
        self.entries.push(entry);
        Ok(path)
    }

    /// A new 0600 file with a client token, for `clean` to end it.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn client_token(&mut self, left: &LeftToken, token: &Secret) -> Result<(), Error> {
        let content = |_: &Path| Ok(token.reveal().as_bytes().to_vec());
        let note = |directory: &Directory, file: &Entry| directory.append(&TokenFile::new(file, left));
        let (_, entry) = self.directory.new_file("vault-token", content, note)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Fills `file` and puts it at `path`, an absolute one, outside the private directory.
    ///
    /// # Errors
    /// When it cannot be written, written down or moved.
    pub fn put(&mut self, file: NewFile, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let file = file.fill(bytes)?;
        let entry = Directory::entry(&file, path)?;
        self.directory.append(&entry)?;
        self.entries.push(entry);
        file.put(path)
    }

    /// A new 0700 directory in the private one, which goes with all that somebody puts into it.
    ///
    /// # Errors
    /// When it cannot be made or written down.
    pub fn tree(&mut self, stem: &str) -> Result<PathBuf, Error> {
        let fail = |error: std::io::Error| Error::write(self.path(), error);
        let prefix = format!("{stem}-");
        let make = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix(&prefix).permissions(Permissions::from_mode(0o700)).tempdir_in(self.path())
        };
        let tree = self.directory.still_there(make);
        let tree = tree.map_err(|error| Error::write(self.path(), without_temporary_name(&error)))?;
        let entry = Entry::of_tree(tree.path()).map_err(fail)?;
        self.directory.append(&entry)?;
        self.entries.push(entry);
        Ok(tree.keep())
    }

    /// Leaves everything where it is, for the job to use and for `clean` to delete.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        match self.directory.forget(&self.entries) {
            Ok(cleaned) => {
                for (path, why) in cleaned.kept {
                    tracing::warn!("cannot delete {}: {why}; run `oidc-exchange clean`", path.display());
                }
            }
            Err(error) => tracing::warn!("{}; run `oidc-exchange clean`", error),
        }
    }
}
