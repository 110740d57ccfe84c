//! A private file made beside its place and moved there whole: what was there stays until that moment.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Error;

/// An empty 0600 file in the directory where the result will be; gone again unless it is put in place.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    place: PathBuf,
}

/// The same with its content, on disk.
#[derive(Debug)]
pub struct Filled(NamedTempFile);

impl NewFile {
    /// Makes the file, once `path` is seen to be free or an ordinary file.
    ///
    /// # Errors
    /// When `path` is a link, a directory or a device, or its directory takes no file.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => return Err(Error::write(path, "it is a symbolic link")),
            Ok(found) if found.is_dir() => return Err(Error::write(path, "it is a directory")),
            Ok(found) if !found.is_file() => return Err(Error::write(path, "it is not an ordinary file")),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::write(path, error)),
        }
        if path.file_name().is_none() {
            return Err(Error::write(path, "it is a directory"));
        }
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        tempfile::Builder::new()
            .prefix(".oidc-exchange-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(&directory)
            .map(|file| Self { file, place: path.into() })
            .map_err(|error| Error::write(path, without_temporary_name(&error)))
    }

    /// Writes the content, through to the disk.
    ///
    /// # Errors
    /// When it cannot be written whole.
    pub fn fill(mut self, bytes: &[u8]) -> Result<Filled, Error> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.as_file().sync_all());
        written.map_err(|error| Error::write(&self.place, without_temporary_name(&error)))?;
        Ok(Filled(self.file))
    }
}

/// What the system said, less the path with a random name that tempfile adds to it.
pub(super) fn without_temporary_name(error: &std::io::Error) -> String {
    let said = error.to_string();
    said.split_once(" at path ").map_or(said.as_str(), |(why, _)| why).to_owned()
}

impl Filled {
    pub(super) fn handle(&self) -> &File {
        self.0.as_file()
    }

    /// The same with another mode than 0600.
    ///
    /// # Errors
    /// When it cannot be changed.
    pub fn with_mode(self, mode: u32) -> Result<Self, Error> {
        let changed = self.0.as_file().set_permissions(Permissions::from_mode(mode));
        changed.map_err(|error| Error::write(self.0.path(), error))?;
        Ok(self)
    }

    /// Moves it to `path`, in one step.
    ///
    /// # Errors
    /// When it cannot be moved; what was there is untouched.
    pub fn put(self, path: &Path) -> Result<(), Error> {
        self.0.persist(path).map(drop).map_err(|error| Error::write(path, error.error))
    }
}
