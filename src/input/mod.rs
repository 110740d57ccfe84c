//! Reads everything that a user or a variable names: files, pipes, directories and standard input.
//!
//! A read is limited in size. It runs on a thread that is abandoned after the timeout or a signal. A pipe that stays
//! open and a network mount that hangs cannot be interrupted. Only [`apart`] and [`watched`] provide a [`Reader`], so that
//! no file is read on the thread that handles signals.

#![allow(clippy::disallowed_methods, reason = "every file that is not ours is read here")]

mod apart;
mod decode;
mod opened;

use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

pub use apart::{Unfinished, apart, watched, without_reading};
pub use decode::{decoded, text};

use crate::error::Usage;

/// The purpose of a file, which determines its largest size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Certificates, or a private key, in PEM. The whole list of a system has 250 KiB.
    Certificates,
    /// A policy, a provider, a role: a JSON document.
    Document,
    /// The lines of `--secrets-file`.
    SecretsFile,
    /// The targets of `use`.
    Targets,
    /// The subject token, which has about 2 KiB.
    Token,
    /// The configuration of another tool.
    Configuration,
    /// `/etc/hosts` and similar files. Lists of blocked hosts are long.
    System,
}

impl Kind {
    /// The largest number of bytes that are read.
    #[must_use]
    pub const fn largest(self) -> u64 {
        match self {
            Self::Certificates => 16 << 20,
            Self::Configuration => 4 << 20,
            Self::Document | Self::SecretsFile => 1 << 20,
            Self::Targets => 256 << 10,
            Self::Token => 64 << 10,
            Self::System => 64 << 20,
        }
    }
}

/// Why a file cannot be used.
#[derive(Debug)]
pub enum Fault {
    /// It is larger than this number of bytes.
    TooLarge(u64),
    /// It is a directory.
    Directory,
    /// It is a pipe, a socket or a device.
    Special,
    /// It is a symlink.
    Link,
    /// It belongs to another user.
    NotOwn,
    /// It is the pipe that this run writes to.
    OwnOutput,
    /// A symlink leads out of the required directory.
    Outside,
    /// It is neither UTF-8 nor marked as UTF-16.
    NotText,
    /// It contains a NUL.
    Nul,
    /// Nothing is read on this thread: see [`without_reading`].
    NotHere,
    /// The operating system's error.
    System(io::Error),
}

impl Fault {
    /// Whether the file does not exist.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::System(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
    }

    /// The error that `path` cannot be used. `origin` is the option or variable that names it.
    #[must_use]
    pub fn at(&self, origin: &str, path: &Path) -> Usage {
        match path.to_str() {
            Some("") => Usage::new(format!("{origin} is empty: it must be the name of a file")),
            Some("-") if self.is_absence() => {
                Usage::new(format!("{origin} -: standard input cannot be used here: write the name of a file"))
            }
            _ => Usage::new(format!("{}: {self}", place(origin, path))),
        }
    }
}

/// The depth of [`Reader::files_in`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// The files in the directory.
    Directory,
    /// All files below it.
    Tree,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::IsADirectory { Self::Directory } else { Self::System(error) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(largest) if *largest < 1 << 20 => write!(f, "it is larger than {} KiB", largest >> 10),
            Self::TooLarge(largest) => write!(f, "it is larger than {} MiB", largest >> 20),
            Self::Directory => f.write_str("it is a directory"),
            Self::Special => f.write_str("it is not an ordinary file"),
            Self::Link => f.write_str("it is a symbolic link"),
            Self::NotOwn => f.write_str("it belongs to another user"),
            Self::OwnOutput => f.write_str("it is this program's own output, which has no end to read"),
            Self::Outside => f.write_str("a link leads out of the checkout"),
            Self::NotText => f.write_str("it is not UTF-8 text"),
            Self::Nul => f.write_str("it holds NUL characters, as UTF-16 without a byte order mark does"),
            Self::NotHere => f.write_str("it is not read on this thread"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

fn place(origin: &str, path: &Path) -> String {
    format!("{origin}: cannot read {}", path.display())
}

/// Reads files where a read that hangs does not hold up the end of the run.
#[derive(Debug)]
pub struct Reader {
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    /// It reads, and notes what.
    Apart(Arc<Mutex<Option<String>>>),
    /// It reads nothing, and notes that it was asked to.
    Here(Cell<bool>),
}

impl Reader {
    /// A reader for unit tests.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        Self { mode: Mode::Apart(Arc::default()) }
    }

    /// The bytes of the file at `path`. `origin` is the option or variable that names it.
    ///
    /// # Errors
    /// If it does not exist, is larger than `kind` allows, or cannot be read.
    pub fn file(&self, origin: &str, path: &Path, kind: Kind) -> Result<Vec<u8>, Fault> {
        self.noting(place(origin, path), || {
            let file = std::fs::File::open(path)?;
            if is_own_output(&file) { Err(Fault::OwnOutput) } else { bounded(file, kind) }
        })?
    }

    /// The same for a file that the user has not named. Pipes, sockets and devices are not opened.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn ordinary_file(&self, origin: &str, path: &Path, kind: Kind) -> Result<Vec<u8>, Fault> {
        self.noting(place(origin, path), || bounded(opened::ordinary(path)?, kind))?
    }

    /// The same for a file at an absolute path that must be below the directory `root`, wherever symlinks lead.
    ///
    /// # Errors
    /// As for [`file`](Self::file), and [`Fault::Outside`].
    pub fn file_inside(&self, origin: &str, root: &Path, path: &Path, kind: Kind) -> Result<Vec<u8>, Fault> {
        self.noting(place(origin, path), || bounded(opened::inside(root, path)?, kind))?
    }

    /// The bytes and the mode of a regular file of this user that is not a symlink. Returns `None` if it does not exist.
    ///
    /// # Errors
    /// As for [`file`](Self::file), [`Fault::Link`], and [`Fault::NotOwn`].
    pub fn own_file(&self, origin: &str, path: &Path, kind: Kind) -> Result<Option<(Vec<u8>, u32)>, Fault> {
        self.noting(place(origin, path), || {
            let Some((file, found)) = opened::own(path)? else { return Ok(None) };
            Ok(Some((bounded(file, kind)?, found.mode())))
        })?
    }

    /// The text of the file, decoded by [`decoded`].
    ///
    /// # Errors
    /// As for [`file`](Self::file), and if it is not text.
    pub fn text(&self, origin: &str, path: &Path, kind: Kind) -> Result<String, Fault> {
        self.file(origin, path, kind).and_then(text)
    }

    /// The bytes of standard input.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn stdin(&self, origin: &str, kind: Kind) -> Result<Vec<u8>, Fault> {
        self.noting(format!("{origin}: cannot read standard input"), || bounded(std::io::stdin().lock(), kind))?
    }

    /// The contents of the files in a directory that can be read. Symlinks to files are followed, those to
    /// directories are not. Each file is read once. All together have at most the size that `kind` allows; the rest
    /// is left out.
    #[must_use]
    pub fn files_in(&self, origin: &str, path: &Path, kind: Kind, walk: Walk) -> Vec<Vec<u8>> {
        let found = self.noting(place(origin, path), || {
            let mut files = Files { walk, seen: HashSet::new(), left: kind.largest(), found: Vec::new() };
            files.directory(path);
            files.found
        });
        found.unwrap_or_default()
    }

    /// The names in a directory.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn names_in(&self, origin: &str, path: &Path) -> Result<Vec<OsString>, Fault> {
        self.noting(place(origin, path), || {
            let entries = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name()));
            Ok(entries.collect::<io::Result<_>>()?)
        })?
    }

    /// Runs `read`, another limited read of the file at `path`: of a private file, whose owner and type must be
    /// checked.
    ///
    /// # Errors
    /// [`Fault::NotHere`].
    pub fn by<T>(&self, origin: &str, path: &Path, read: impl FnOnce(&Path) -> T) -> Result<T, Fault> {
        self.noting(place(origin, path), || read(path))
    }

    fn noting<T>(&self, what: String, work: impl FnOnce() -> T) -> Result<T, Fault> {
        let under_way = match &self.mode {
            Mode::Apart(under_way) => under_way,
            Mode::Here(asked) => {
                asked.set(true);
                return Err(Fault::NotHere);
            }
        };
        let note = |what| *under_way.lock().unwrap_or_else(PoisonError::into_inner) = what;
        note(Some(what));
        let done = work();
        note(None);
        Ok(done)
    }
}

/// The state of a directory walk.
struct Files {
    walk: Walk,
    seen: HashSet<(u64, u64)>,
    left: u64,
    found: Vec<Vec<u8>>,
}

impl Files {
    fn directory(&mut self, path: &Path) {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            if self.left == 0 {
                return;
            }
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match self.walk {
                Walk::Tree if is_directory => self.directory(&entry.path()),
                Walk::Tree | Walk::Directory => self.file(&entry.path()),
            }
        }
    }

    fn file(&mut self, path: &Path) {
        // A read of a pipe would never end.
        let Ok(file) = opened::ordinary(path) else { return };
        if !file.metadata().is_ok_and(|found| self.seen.insert((found.dev(), found.ino()))) {
            return;
        }
        let mut bytes = Vec::new();
        if let Ok(length) = file.take(self.left).read_to_end(&mut bytes) {
            self.left = self.left.saturating_sub(length as u64);
            self.found.push(bytes);
        }
    }
}

/// Whether `file` (for example `/dev/stdout`) is the pipe of standard output or standard error. This process has its
/// other end open, so a read would never end.
fn is_own_output(file: &std::fs::File) -> bool {
    let Ok(found) = file.metadata() else { return false };
    let is_it = |stream: BorrowedFd<'_>| {
        rustix::fs::fstat(stream).is_ok_and(|own| (own.st_dev, own.st_ino) == (found.dev(), found.ino()))
    };
    found.file_type().is_fifo() && (is_it(io::stdout().as_fd()) || is_it(io::stderr().as_fd()))
}

fn bounded(from: impl Read, kind: Kind) -> Result<Vec<u8>, Fault> {
    let largest = kind.largest();
    let mut bytes = Vec::new();
    from.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest { Err(Fault::TooLarge(largest)) } else { Ok(bytes) }
}
