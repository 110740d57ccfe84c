//! A private file that is created beside its place and moved there when it is complete. Until then, the old file
//! stays.
//!
//! If the file system supports it (`O_TMPFILE`), the file has no name until it is complete: a killed process leaves
//! nothing. Otherwise, and between naming and moving, its name is in the manifest.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::object::{Object, Seen};
use super::{Error, random_name};

/// An empty file with mode 0600 in the directory of its place. It is deleted on drop, unless it was put in place.
#[derive(Debug)]
pub struct NewFile {
    /// The path in errors.
    shown: PathBuf,
    path: PathBuf,
    /// A path beside it.
    temporary: PathBuf,
    /// `None` if it must have a name from the start, and is not created yet.
    file: Option<File>,
    has_name: bool,
}

impl NewFile {
    /// Creates the file. First checks that `path` is unused or a regular file, and that its directory is writable.
    ///
    /// # Errors
    /// If `path` is a symlink, a directory, a device or a mount, or its directory is not writable.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => return Err(Error::write(path, "it is a symbolic link")),
            Ok(found) if found.is_dir() => return Err(Error::write(path, "it is a directory")),
            Ok(found) if !found.is_file() => return Err(Error::write(path, "it is not an ordinary file")),
            // A container often has a single file mounted.
            Ok(_) if Seen::at(path).is_ok_and(|found| found.is_mounted) => {
                let hint = Some("name another file, or mount its directory in place of the file".into());
                return Err(Error { hint, ..Error::write(path, "it is mounted, so no other file can replace it") });
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::write(path, error)),
        }
        if path.file_name().is_none() {
            return Err(Error::write(path, "it is a directory"));
        }
        let mut new = Self::at(path.into(), path);
        if new.file.is_none() {
            // It is only a test, because its name is not in the manifest yet.
            new.make()?;
            new.unmake();
        }
        Ok(new)
    }

    /// The same for an internal path that no other process uses. Errors name `shown`.
    pub(super) fn at(path: PathBuf, shown: &Path) -> Self {
        let name = format!(".oidc-exchange-{}", random_name());
        let temporary = path.with_file_name(name);
        let directory = temporary.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { file: nameless(directory), shown: shown.into(), path, temporary, has_name: false }
    }

    /// Its final path.
    pub(super) fn path(&self) -> Result<PathBuf, Error> {
        self.absolute(&self.path)
    }

    /// Its path until it is complete.
    pub(super) fn temporary(&self) -> Result<PathBuf, Error> {
        self.absolute(&self.temporary)
    }

    fn absolute(&self, path: &Path) -> Result<PathBuf, Error> {
        std::path::absolute(path).map_err(|error| self.failed(error))
    }

    /// Whether it exists already, without a name.
    pub(super) fn is_made(&self) -> bool {
        self.file.is_some()
    }

    fn make(&mut self) -> Result<&mut File, Error> {
        if self.file.is_none() {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let made = rustix::fs::open(&self.temporary, flags, Mode::RUSR | Mode::WUSR);
            self.file = Some(made.map_err(|error| self.failed(std::io::Error::from(error)))?.into());
            self.has_name = true;
        }
        self.file.as_mut().ok_or_else(|| Error::write(&self.shown, "it was not made"))
    }

    fn unmake(&mut self) {
        if self.has_name {
            let _ = std::fs::remove_file(&self.temporary);
            self.has_name = false;
        }
        self.file = None;
    }

    /// The file itself. It is created if it does not exist yet.
    pub(super) fn object(&mut self) -> Result<Object, Error> {
        let seen = Seen::of(self.make()?);
        seen.map(|seen| seen.object).map_err(|error| self.failed(error))
    }

    /// Writes the content.
    ///
    /// # Errors
    /// If it cannot be written completely.
    pub fn fill(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.make()?.write_all(bytes);
        written.map_err(|error| self.failed(error))
    }

    /// Sets another mode than 0600.
    ///
    /// # Errors
    /// If it cannot be changed.
    pub fn set_mode(&mut self, mode: u32) -> Result<(), Error> {
        let changed = self.make()?.set_permissions(Permissions::from_mode(mode));
        changed.map_err(|error| self.failed(error))
    }

    /// Flushes the content to disk, and moves the file to its place in one step.
    ///
    /// # Errors
    /// If it cannot be moved. The old file is unchanged then.
    pub fn put(mut self) -> Result<(), Error> {
        self.ready()?;
        self.move_into_place()
    }

    /// Does everything that takes time, so that only one step remains before it is in its place.
    ///
    /// # Errors
    /// If it cannot be flushed to disk or given a name.
    pub fn ready(&mut self) -> Result<(), Error> {
        let synced = self.make()?.sync_all();
        synced.map_err(|error| self.failed(error))?;
        self.name()
    }

    fn name(&mut self) -> Result<(), Error> {
        if !self.has_name {
            let temporary = self.temporary.clone();
            let named = give_name(self.make()?, &temporary);
            named.map_err(|error| self.failed(error))?;
            self.has_name = true;
        }
        Ok(())
    }

    /// Moves it to its place: if it is not [`ready`](Self::ready), without flushing, for files that a crash of the machine may
    /// destroy.
    ///
    /// # Errors
    /// If it cannot be moved. The old file is unchanged then.
    pub fn move_into_place(mut self) -> Result<(), Error> {
        self.name()?;
        let moved = std::fs::rename(&self.temporary, &self.path);
        moved.map_err(|error| self.failed(error))?;
        self.has_name = false;
        Ok(())
    }

    fn failed(&self, error: std::io::Error) -> Error {
        Error::write(&self.shown, error)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        self.unmake();
    }
}

/// Creates a file without a name that can be given one later.
#[cfg(target_os = "linux")]
fn nameless(directory: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR).ok()?);
    // Without /proc, it could not be given a name.
    by_descriptor(&file).symlink_metadata().is_ok().then_some(file)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> Option<File> {
    None
}

/// Gives an unnamed file the name `path`.
#[cfg(target_os = "linux")]
fn give_name(file: &File, path: &Path) -> std::io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    Ok(linkat(CWD, by_descriptor(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn give_name(_: &File, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn by_descriptor(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests both ways, because this machine's file system supports only one of them.
    #[test]
    fn with_a_name_or_without_it_is_private_whole_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(directory.path()).unwrap().count();
        let path = directory.path().join("a");
        for with_name in [false, true] {
            let new = || {
                let mut new = NewFile::beside(&path).unwrap();
                if with_name {
                    new.file = None;
                }
                new
            };
            let _ = std::fs::remove_file(&path);
            let mut dropped = new();
            dropped.fill(b"secret").unwrap();
            assert_eq!(names(), usize::from(with_name || !dropped.is_made()));
            drop(dropped);
            assert_eq!(names(), 0);
            for text in ["one", "two"] {
                let mut file = new();
                file.fill(text.as_bytes()).unwrap();
                file.put().unwrap();
                assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), names()), (text, 1));
                assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
            }
        }
    }
}
