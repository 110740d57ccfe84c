//! The identity of a file or directory, independent of its path.
//!
//! Device and inode are not sufficient: ext4 gives the inode number of a deleted file to the next new one. The time of
//! birth distinguishes them. It is missing on some file systems, and with Linux before 4.11. Then a file is also
//! identified by its content, and a directory by an empty file with an unusual name.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

/// The identity of a file or directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Default))]
pub(super) struct Object {
    device: u64,
    inode: u64,
    /// The time of birth: seconds since 1970, and nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birth: Option<(i64, u32)>,
}

impl Object {
    #[cfg(test)]
    pub(super) fn without_birth(self) -> Self {
        Self { birth: None, ..self }
    }

    /// Whether both are on one file system.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.device == other.device
    }

    /// Whether it is certainly unique.
    pub(super) fn is_certain(&self) -> bool {
        self.birth.is_some()
    }

    /// Whether both are equal, as far as they are known.
    pub(super) fn is(&self, other: &Self) -> bool {
        let births = self.birth.zip(other.birth);
        (self.device, self.inode) == (other.device, other.inode) && births.is_none_or(|(one, two)| one == two)
    }
}

/// The type of the found object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Link,
    Other,
}

/// A file, a directory, or another object.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) object: Object,
    pub(super) kind: Kind,
    pub(super) size: u64,
    pub(super) owner: u32,
    /// Whether another file system, or another part of one, is mounted there. It is unknown before Linux 5.8.
    pub(super) is_mounted: bool,
}

impl Seen {
    /// The object that is open as `file`.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(seen) = linux::look(file, Path::new(""), rustix::fs::AtFlags::EMPTY_PATH) {
            return seen;
        }
        Ok(Self::from(&file.metadata()?))
    }

    /// The object at `path`; a symlink is not followed.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(seen) = linux::look(rustix::fs::CWD, path, rustix::fs::AtFlags::SYMLINK_NOFOLLOW) {
            return seen;
        }
        Ok(Self::from(&path.symlink_metadata()?))
    }

    /// The same inside `parent`, the open directory of `path`, even if it was moved.
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "the standard library cannot do this"))]
    pub(super) fn within(parent: &File, path: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        {
            let name = Path::new(path.file_name().unwrap_or_default());
            if let Some(seen) = linux::look(parent, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW) {
                return seen;
            }
        }
        Ok(Self::from(&path.symlink_metadata()?))
    }

    fn from(found: &Metadata) -> Self {
        let birth = found.created().ok().and_then(|birth| birth.duration_since(UNIX_EPOCH).ok());
        let birth = birth.and_then(|birth| Some((i64::try_from(birth.as_secs()).ok()?, birth.subsec_nanos())));
        let kind = match found.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Directory,
            kind if kind.is_symlink() => Kind::Link,
            _ => Kind::Other,
        };
        Self {
            object: Object { device: found.dev(), inode: found.ino(), birth },
            kind,
            size: found.len(),
            owner: found.uid(),
            is_mounted: false,
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::AsFd;

    use super::{Kind, Object, Path, Seen, io};
    use rustix::fs::{AtFlags, FileType, StatxAttributes, StatxFlags, makedev, statx};
    use rustix::io::Errno;

    /// The standard library reads the time of birth only with glibc. `None` if the kernel, or a system call filter,
    /// does not support it.
    pub(super) fn look(at: impl AsFd, name: &Path, flags: AtFlags) -> Option<io::Result<Seen>> {
        let found = match statx(at, name, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME) {
            Ok(found) => found,
            Err(Errno::NOSYS | Errno::PERM) => return None,
            Err(error) => return Some(Err(error.into())),
        };
        let born = found.stx_mask & StatxFlags::BTIME.bits() != 0;
        Some(Ok(Seen {
            object: Object {
                device: makedev(found.stx_dev_major, found.stx_dev_minor),
                inode: found.stx_ino,
                birth: born.then_some((found.stx_btime.tv_sec, found.stx_btime.tv_nsec)),
            },
            kind: match FileType::from_raw_mode(found.stx_mode.into()) {
                kind if kind.is_file() => Kind::File,
                kind if kind.is_dir() => Kind::Directory,
                kind if kind.is_symlink() => Kind::Link,
                _ => Kind::Other,
            },
            size: found.stx_size,
            owner: found.stx_uid,
            is_mounted: found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_with_the_same_number_is_another() {
        let object = |birth| Object { device: 1, inode: 2, birth };
        assert!(object(Some((3, 4))).is(&object(Some((3, 4)))));
        assert!(!object(Some((3, 4))).is(&object(Some((3, 5)))));
        assert!(object(None).is(&object(Some((3, 5)))), "as far as is known");
        assert!(!object(None).is(&Object { device: 1, inode: 3, birth: None }));
    }

    #[test]
    fn it_is_the_same_by_its_path_and_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let file = File::create(&path).unwrap();
        let parent = File::open(directory.path()).unwrap();
        let opened = Seen::of(&file).unwrap();
        assert_eq!(opened.object, Seen::at(&path).unwrap().object);
        assert_eq!(opened.object, Seen::within(&parent, &path).unwrap().object);
        assert_eq!(opened.object, Seen::from(&file.metadata().unwrap()).object);
        assert_eq!((opened.kind, Seen::of(&parent).unwrap().kind), (Kind::File, Kind::Directory));
    }
}
