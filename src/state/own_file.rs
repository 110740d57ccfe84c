//! Opens files of ours with names that other users can guess: the manifest, and locks.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::object::{Kind, Seen};

/// Opens the regular file at `path` for reading and writing, or creates it with mode 0600. Does not follow symlinks,
/// wait for a pipe, or open a device. `None` if the file was created and deleted during the call.
///
/// # Errors
/// The operating system's error; [`ErrorKind::Other`] if another object is at `path`.
pub(super) fn open_or_make(path: &Path, more: OFlags) -> io::Result<Option<File>> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | more;
    let private = Mode::RUSR | Mode::WUSR;
    match rustix::fs::open(path, flags | OFlags::CREATE | OFlags::EXCL, private) {
        Ok(made) => return Ok(Some(made.into())),
        Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let found = match Seen::at(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    check(&found)?;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => {
            let file = File::from(file);
            check(&Seen::of(&file)?)?;
            Ok(Some(file))
        }
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(rustix::io::Errno::LOOP) => Err(io::Error::other("it is a symbolic link")),
        Err(error) => Err(error.into()),
    }
}

/// The text of a private file of ours, up to `limit` bytes.
///
/// # Errors
/// If it is missing, is not a regular file of ours, or is not UTF-8.
pub fn read_private(path: &Path, limit: u64) -> io::Result<String> {
    check(&Seen::at(path)?)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    check(&Seen::of(&file)?)?;
    io::read_to_string(file.take(limit)).map_err(|error| {
        let not_text = error.kind() == ErrorKind::InvalidData;
        if not_text { io::Error::new(error.kind(), "it is not UTF-8 text") } else { error }
    })
}

fn check(found: &Seen) -> io::Result<()> {
    let wrong = match found.kind {
        Kind::Link => "it is a symbolic link",
        Kind::Directory => "it is a directory",
        Kind::Other => "it is not an ordinary file",
        Kind::File if found.owner != rustix::process::geteuid().as_raw() => "it belongs to another user",
        Kind::File => return Ok(()),
    };
    Err(io::Error::other(wrong))
}
