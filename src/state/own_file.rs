//! Files of ours at a name that somebody else could know: the manifest, and locks.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::object::{Kind, Seen};

/// Opens the ordinary file at `path` for reading and writing, or makes it, 0600. A link is not followed, a pipe's other
/// end is not waited for, and a device is not opened. None where the file comes and goes meanwhile.
///
/// # Errors
/// What the system says; of the kind [`ErrorKind::Other`] where something is there that is not such a file.
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

/// The text of a private file of ours, up to `limit` bytes of it.
///
/// # Errors
/// When it is not there, is not an ordinary file of ours, or is not text.
pub fn read_private(path: &Path, limit: u64) -> io::Result<String> {
    check(&Seen::at(path)?)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    check(&Seen::of(&file)?)?;
    io::read_to_string(file.take(limit))
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
