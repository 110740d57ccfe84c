//! Opens files of ours with names that other users can guess: the manifest, and locks.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
#[cfg(target_os = "linux")]
use rustix::io::ReadWriteFlags;

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
    let read = io::read_to_string(open_private(path)?.take(limit));
    read.map_err(|error| if error.kind() == ErrorKind::InvalidData { not_text() } else { error })
}

/// The same, if that takes no wait for a disk or a network. Otherwise `None`: then the file must be read on a thread that
/// can be abandoned.
#[cfg(target_os = "linux")]
#[must_use]
pub fn read_private_at_once(path: &Path, limit: u64) -> Option<io::Result<String>> {
    let file = match open_private(path) {
        Ok(file) => file,
        Err(error) => return Some(Err(error)),
    };
    let length = file.metadata().ok()?.len().min(limit);
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    let read = rustix::io::preadv2(&file, &mut [io::IoSliceMut::new(&mut bytes)], 0, ReadWriteFlags::NOWAIT).ok()?;
    (read == bytes.len()).then(|| String::from_utf8(bytes).map_err(|_| not_text()))
}

/// The same, where the system has no such call.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn read_private_at_once(_: &Path, _: u64) -> Option<io::Result<String>> {
    None
}

fn open_private(path: &Path) -> io::Result<File> {
    check(&Seen::at(path)?)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    check(&Seen::of(&file)?)?;
    Ok(file)
}

fn not_text() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_once_a_file_is_read_as_otherwise() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        std::fs::write(at("text"), "a kept entry").unwrap();
        std::fs::write(at("empty"), "").unwrap();
        std::fs::write(at("bytes"), [0xff]).unwrap();
        std::os::unix::fs::symlink(at("text"), at("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
        for name in ["text", "empty", "bytes", "link", "pipe", "none", "."] {
            for limit in [0, 1, 12, 99] {
                let text = |read: io::Result<String>| read.map_err(|error| error.to_string());
                // The file system of the test need not support it.
                if let Some(read) = read_private_at_once(&at(name), limit) {
                    assert_eq!(text(read), text(read_private(&at(name), limit)), "{name}, {limit}");
                }
            }
        }
    }
}
