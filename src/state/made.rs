//! Directories that were created for a file of the user.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Created directories, the deepest first. Those that are empty on drop are removed.
#[derive(Debug, Default)]
pub struct MadeDirectories(Vec<PathBuf>);

impl MadeDirectories {
    /// Creates `path` and its missing parents, for this user only.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn make(path: &Path) -> io::Result<Self> {
        let is_missing =
            |path: &&Path| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let missing = path.ancestors().take_while(is_missing).map(Path::to_owned).collect();
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self(missing))
    }

    /// Directories that an earlier run created.
    #[must_use]
    pub fn earlier(paths: &[PathBuf]) -> Self {
        Self(paths.to_vec())
    }

    /// Their paths.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.0
    }
}

impl Drop for MadeDirectories {
    fn drop(&mut self) {
        // The system does not delete a directory that is not empty.
        let _ = self.0.iter().try_for_each(std::fs::remove_dir);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_goes_if_it_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        let (top, deep) = (directory.path().join("a"), directory.path().join("a/b/c"));
        drop(MadeDirectories::make(&deep).unwrap());
        assert!(!top.exists() && directory.path().exists());
        let made = MadeDirectories::make(&deep).unwrap();
        assert_eq!(made.paths(), [deep.clone(), directory.path().join("a/b"), top.clone()]);
        std::fs::write(top.join("kept"), "").unwrap();
        drop(made);
        assert!(top.exists() && !top.join("b").exists());
        drop(MadeDirectories::make(&top).unwrap());
        assert!(top.exists(), "it was there already");
    }
}
