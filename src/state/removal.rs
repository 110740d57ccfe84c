//! Deletes our files. They are checked, read and deleted relative to their open directory, so that changes of the
//! parents have no effect.

use std::ffi::CStr;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use sha2::{Digest, Sha256};

use super::object::{Kind, Object, Seen};

/// The content of `object`, if it is at `path` and has this size and digest.
pub(super) fn content(path: &Path, object: &Object, size: u64, sha256: &str) -> io::Result<Option<Vec<u8>>> {
    let Some((parent, _)) = look(path)? else { return Ok(None) };
    read(&open(&parent, path)?, object, size, sha256)
}

/// The object at `path`, and its open directory.
fn look(path: &Path) -> io::Result<Option<(File, Seen)>> {
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let opened = rustix::fs::openat(CWD, directory, access | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let found = opened.map_err(io::Error::from).map(File::from).and_then(|parent| {
        let seen = Seen::within(&parent, path)?;
        Ok((parent, seen))
    });
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn open(parent: &File, path: &Path) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(parent, path.file_name().unwrap_or_default(), flags, Mode::empty()).map(File::from)
}

fn unlink(parent: &File, path: &Path, flags: AtFlags) -> rustix::io::Result<()> {
    rustix::fs::unlinkat(parent, path.file_name().unwrap_or_default(), flags)
}

/// Deletes `object` at `path`, if it has the given content. A file that was changed is kept.
pub(super) fn file(path: &Path, object: &Object, content: Option<(u64, &str)>) -> io::Result<bool> {
    let Some((parent, found)) = look(path)? else { return Ok(false) };
    if found.kind != Kind::File || !object.is(&found.object) {
        return nothing_of_ours(&found);
    }
    let is_as_written = |(size, sha256)| match open(&parent, path) {
        Ok(file) => Ok(read(&file, object, size, sha256)?.is_some()),
        // A umask that leaves the owner no permission: nobody could open and change it.
        Err(rustix::io::Errno::ACCESS) => Ok(true),
        Err(error) => Err(io::Error::from(error)),
    };
    if !content.map_or(Ok(true), is_as_written)? {
        tracing::warn!("{}: it was changed since it was written, and is left as it is", path.display());
        return Ok(false);
    }
    unlink(&parent, path, AtFlags::empty())?;
    Ok(true)
}

/// The content of `object`, if it is open as `file` and has this size and digest.
fn read(mut file: &File, object: &Object, size: u64, sha256: &str) -> io::Result<Option<Vec<u8>>> {
    let found = Seen::of(file)?;
    if found.size != size || !object.is(&found.object) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(size).read_to_end(&mut bytes)?;
    Ok((hex(Sha256::digest(&bytes)) == sha256).then_some(bytes))
}

/// Deletes `object` and everything in it, if it is at `path`. What is opened is checked and cleared: another directory that
/// replaces it during this stays.
pub(super) fn directory(path: &Path, object: &Object) -> io::Result<bool> {
    let Some((parent, found)) = look(path)? else { return Ok(false) };
    if found.kind != Kind::Directory {
        return nothing_of_ours(&found);
    }
    let opened = open_directory(&parent, path.file_name().unwrap_or_default())?;
    let found = Seen::of(&opened)?;
    if !object.is(&found.object) {
        return nothing_of_ours(&found);
    }
    clear(&opened, &found)?;
    unlink(&parent, path, AtFlags::REMOVEDIR)?;
    Ok(true)
}

/// The result for another object in the place of ours. If it is mounted there, ours still exists below it.
fn nothing_of_ours(found: &Seen) -> io::Result<bool> {
    if found.is_mounted { Err(mounted()) } else { Ok(false) }
}

fn mounted() -> io::Error {
    io::Error::new(ErrorKind::ResourceBusy, "something is mounted there")
}

fn open_directory(parent: &File, name: impl rustix::path::Arg) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty()).map(File::from)
}

/// Deletes everything in a directory that can be deleted, and returns the first error. A symlink is deleted, and not what
/// it leads to. What is mounted there is somebody else's, and stays.
fn clear(directory: &File, seen: &Seen) -> io::Result<()> {
    let mut cleared = Ok(());
    for entry in rustix::fs::Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if ![c".", c".."].contains(&name) {
            cleared = cleared.and(clear_entry(directory, seen, name));
        }
    }
    cleared
}

fn clear_entry(directory: &File, seen: &Seen, name: &CStr) -> io::Result<()> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(rustix::io::Errno::BUSY) => Err(mounted()),
        // macOS answers PERM for a directory, and Linux for a file that must not change.
        Err(error @ (rustix::io::Errno::ISDIR | rustix::io::Errno::PERM)) => {
            let opened = match open_directory(directory, name) {
                Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => return Err(error.into()),
                opened => opened?,
            };
            let found = Seen::of(&opened)?;
            if found.is_mounted || !found.object.is_beside(&seen.object) {
                return Err(mounted());
            }
            clear(&opened, &found)?;
            Ok(rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Deletes an empty file or directory of ours. A locked file is in use: [`ErrorKind::ResourceBusy`].
pub(super) fn empty(path: &Path) -> io::Result<bool> {
    let Some((parent, found)) = look(path)? else { return Ok(false) };
    if found.owner != rustix::process::geteuid().as_raw() {
        return Ok(false);
    }
    let flags = match found.kind {
        Kind::Directory => AtFlags::REMOVEDIR,
        Kind::File if found.size == 0 => {
            let file = open(&parent, path)?;
            if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
                return Err(ErrorKind::ResourceBusy.into());
            }
            let opened = Seen::of(&file)?;
            if opened.size != 0 || !opened.object.is(&found.object) {
                return Ok(false);
            }
            AtFlags::empty()
        }
        Kind::File | Kind::Link | Kind::Other => return Ok(false),
    };
    match unlink(&parent, path, flags) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::NOTEMPTY | rustix::io::Errno::EXIST | rustix::io::Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn hex(digest: impl AsRef<[u8]>) -> String {
    use std::fmt::Write;
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_directory_goes_with_all_in_it_and_nothing_else() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        std::fs::create_dir_all(at("ours/a/b/c")).unwrap();
        std::fs::create_dir_all(at("theirs")).unwrap();
        for file in ["ours/1", "ours/a/2", "ours/a/b/3", "ours/a/b/c/4", "theirs/notes"] {
            std::fs::write(at(file), "x").unwrap();
        }
        symlink(at("theirs"), at("ours/a/b/to_directory")).unwrap();
        symlink("../../theirs/notes", at("ours/a/to_file")).unwrap();
        let ours = Seen::at(&at("ours")).unwrap().object;
        // Another directory, and a link, in its place.
        std::fs::rename(at("ours"), at("moved")).unwrap();
        std::fs::create_dir(at("ours")).unwrap();
        std::fs::write(at("ours/notes"), "mine").unwrap();
        assert!(!directory(&at("ours"), &ours).unwrap());
        symlink("moved", at("link")).unwrap();
        assert!(!directory(&at("link"), &ours).unwrap());
        assert!(!directory(&at("nothing"), &ours).unwrap());
        assert!(at("moved/a/b/c/4").exists() && at("ours/notes").exists());
        assert!(directory(&at("moved"), &ours).unwrap());
        assert!(!at("moved").exists() && at("theirs/notes").exists());
    }
}
