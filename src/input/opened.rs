//! Opens files once, and judges what was opened: by the time of the open, another file may be at a path that was checked.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::Fault;

/// Opens the regular file at `path`. No device is opened, unless one replaces the file between the two calls.
///
/// # Errors
/// If there is no such file, or it cannot be opened.
pub(super) fn ordinary(path: &Path) -> Result<File, Fault> {
    is_ordinary(&std::fs::metadata(path)?)?;
    opened(CWD, path.as_os_str(), OFlags::empty()).map(|(file, _)| file)
}

/// Opens the regular file of this user at `path`, which must not be a symlink. Returns `None` if it does not exist.
///
/// # Errors
/// If it is another file, or cannot be opened.
pub(super) fn own(path: &Path) -> Result<Option<(File, Metadata)>, Fault> {
    let look = match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if look.is_symlink() {
        return Err(Fault::Link);
    }
    is_ordinary(&look)?;
    is_own(&look)?;
    let (file, found) = match opened(CWD, path.as_os_str(), OFlags::NOFOLLOW) {
        Err(Fault::System(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(Fault::System(error)) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(Fault::Link);
        }
        opened => opened?,
    };
    is_own(&found)?;
    Ok(Some((file, found)))
}

/// Opens the regular file at `path`, an absolute path, if it is below the directory `root`. The directories on the way are
/// opened one after the other, and symlinks are followed by hand. So it is known where the opened file is.
///
/// # Errors
/// If a symlink leads to a place outside `root`, there is no such file, or it cannot be opened.
pub(super) fn inside(root: &Path, path: &Path) -> Result<File, Fault> {
    const MOST_LINKS: u32 = 40;
    let root = identity(&directory(CWD, root.as_os_str())?)?;
    let top = || directory(CWD, OsStr::new("/"));
    let mut at = top()?;
    // The directories from `/` to `at`.
    let mut way = vec![identity(&at)?];
    let mut rest = reversed(path);
    let mut links = 0;
    while let Some(name) = rest.pop() {
        if name == ".." {
            if way.len() > 1 {
                way.pop();
                at = directory(&at, &name)?;
                // It has been moved elsewhere.
                if way.last() != Some(&identity(&at)?) {
                    return Err(Fault::Outside);
                }
            }
            continue;
        }
        let found = rustix::fs::statat(&at, &*name, AtFlags::SYMLINK_NOFOLLOW).map_err(std::io::Error::from)?;
        let kind = FileType::from_raw_mode(found.st_mode);
        if kind.is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                return Err(std::io::Error::from(Errno::LOOP).into());
            }
            let target = rustix::fs::readlinkat(&at, &*name, Vec::new()).map_err(std::io::Error::from)?;
            let target = Path::new(OsStr::from_bytes(target.to_bytes()));
            if target.is_absolute() {
                at = top()?;
                way.truncate(1);
            }
            rest.extend(reversed(target));
        } else if !rest.is_empty() {
            at = directory(&at, &name)?;
            way.push(identity(&at)?);
        } else if !way.contains(&root) {
            return Err(Fault::Outside);
        } else if kind.is_file() {
            return opened(&at, &name, OFlags::NOFOLLOW).map(|(file, _)| file);
        } else {
            return Err(if kind.is_dir() { Fault::Directory } else { Fault::Special });
        }
    }
    Err(Fault::Directory)
}

/// The names of a path, the last one first.
fn reversed(path: &Path) -> Vec<OsString> {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    names.rev().map(|part| part.as_os_str().to_owned()).collect()
}

/// Opens a directory, which need not be readable. A symlink is not followed, unless it is on the way in `name`.
fn directory(at: impl AsFd, name: &OsStr) -> Result<File, Fault> {
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    let flags = access | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(at, name, flags, Mode::empty());
    Ok(opened.map(File::from).map_err(std::io::Error::from)?)
}

fn identity(file: &File) -> Result<(u64, u64), Fault> {
    let found = file.metadata()?;
    Ok((found.dev(), found.ino()))
}

/// Opens a file without a wait for the other end of a pipe, and refuses everything except a regular file.
fn opened(at: impl AsFd, name: &OsStr, more: OFlags) -> Result<(File, Metadata), Fault> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | more;
    let file = File::from(rustix::fs::openat(at, name, flags, Mode::empty()).map_err(std::io::Error::from)?);
    let found = file.metadata()?;
    is_ordinary(&found)?;
    Ok((file, found))
}

fn is_own(found: &Metadata) -> Result<(), Fault> {
    if found.uid() == rustix::process::geteuid().as_raw() { Ok(()) } else { Err(Fault::NotOwn) }
}

fn is_ordinary(found: &Metadata) -> Result<(), Fault> {
    match found {
        found if found.is_file() => Ok(()),
        found if found.is_dir() => Err(Fault::Directory),
        _ => Err(Fault::Special),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    fn text(file: Result<File, Fault>) -> Result<String, String> {
        let mut text = String::new();
        file.map_err(|fault| fault.to_string())?.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    /// As after a check that saw a regular file there.
    #[test]
    fn what_was_opened_is_judged() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("file", at("link")).unwrap();
        fs::create_dir(at("directory")).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(at("pipe")).status();
        assert!(pipe.unwrap().success());
        let open = |name: &str| match opened(CWD, at(name).as_os_str(), OFlags::NOFOLLOW) {
            Ok(_) => "opened".to_owned(),
            Err(fault) => fault.to_string(),
        };
        assert_eq!(open("file"), "opened");
        assert_eq!(open("directory"), "it is a directory");
        assert_eq!(open("pipe"), "it is not an ordinary file");
        assert!(open("link").starts_with("Too many levels of symbolic links"), "{}", open("link"));
        assert!(matches!(own(&at("link")), Err(Fault::Link)));
        assert!(matches!(own(&at("nothing")), Ok(None)));
        assert!(matches!(own(&at("file")), Ok(Some(_))));
    }

    #[test]
    fn a_file_is_where_its_directories_are() {
        let scratch = tempfile::tempdir().unwrap();
        let base = scratch.path().canonicalize().unwrap();
        let at = |name: &str| base.join(name);
        for directory in ["repo/a/b", "elsewhere/a"] {
            fs::create_dir_all(at(directory)).unwrap();
        }
        fs::write(at("repo/a/file"), "in").unwrap();
        fs::write(at("elsewhere/file"), "out").unwrap();
        let links = [
            ("repo/out", "../elsewhere/file"),
            ("repo/directory_out", "../elsewhere"),
            ("repo/in", "a/b/../file"),
            ("repo/through", "../repo/a/file"),
            ("repo/loop", "loop"),
            ("repo/nowhere", "nothing"),
            ("repo/to_root", "."),
            ("elsewhere/back", "../repo/a/file"),
            ("repo/out_and_back", "../elsewhere/back"),
            ("repo/a/b/up", "../../../elsewhere/file"),
            ("repo_link", "repo"),
        ];
        for (name, target) in links {
            symlink(target, at(name)).unwrap();
        }
        symlink(at("repo/a/file"), at("repo/absolute_in")).unwrap();
        symlink(at("repo_link/a/file"), at("repo/absolute_through_a_link")).unwrap();
        symlink(at("elsewhere/file"), at("repo/absolute_out")).unwrap();
        symlink("/proc/self/fd/0", at("repo/magic")).unwrap();
        for (path, expected) in [
            ("repo/a/file", "in"),
            ("repo/in", "in"),
            ("repo/through", "in"),
            ("repo/out_and_back", "in"),
            ("repo/absolute_in", "in"),
            ("repo/absolute_through_a_link", "in"),
            ("repo/to_root/a/file", "in"),
            ("repo/a/../../repo/a/file", "in"),
            ("repo/out", "a link leads out of the checkout"),
            ("repo/directory_out/file", "a link leads out of the checkout"),
            ("repo/absolute_out", "a link leads out of the checkout"),
            ("repo/a/b/up", "a link leads out of the checkout"),
            ("repo/directory_out", "a link leads out of the checkout"),
            ("repo/a", "it is a directory"),
            ("repo/nowhere", "No such file or directory (os error 2)"),
            ("repo/a/file/x", "Not a directory (os error 20)"),
            ("elsewhere/../elsewhere/file", "a link leads out of the checkout"),
        ] {
            let found = text(inside(&at("repo"), &at(path)));
            assert_eq!(found.unwrap_or_else(|fault| fault), expected, "{path}");
        }
        assert!(text(inside(&at("repo"), &at("repo/loop"))).unwrap_err().starts_with("Too many levels"));
        assert!(text(inside(&at("repo"), &at("repo/magic"))).is_err());
    }
}
