//! The one way to read what a user or a variable names: files, pipes, directories and standard input.
//!
//! A read is bounded in size, and it runs on a thread that is left behind when the time is up or a signal ends the run:
//! a pipe that nobody closes and a network mount that hangs cannot be ended in any other way. Only [`apart`] gives out a
//! [`Reader`], so that no file is read on the thread that waits for signals.

#![allow(clippy::disallowed_methods, reason = "every file that is not ours is read here")]

mod decode;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use decode::{decoded, text};

use crate::error::Usage;

/// What a file is read as, which bounds its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Certificates, or a private key, in PEM. A system's whole list takes 250 KiB.
    Certificates,
    /// A policy, a provider, a role: a JSON document.
    Document,
    /// The lines of `--secrets-file`.
    SecretsFile,
    /// The targets of `use`.
    Targets,
    /// The subject token, which is some 2 KiB.
    Token,
    /// What another tool is configured by.
    Configuration,
    /// `/etc/hosts` and the like. Lists of blocked hosts are long.
    System,
}

impl Kind {
    /// The most bytes that are read.
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

/// Why there is nothing to work with.
#[derive(Debug)]
pub enum Fault {
    /// It has more bytes than that.
    TooLarge(u64),
    /// It is a directory.
    Directory,
    /// It is a pipe, a socket or a device.
    Special,
    /// It is the pipe that this run writes to.
    OwnOutput,
    /// A link leads out of the directory that it must be in.
    Outside,
    /// It is neither UTF-8 nor marked as UTF-16.
    NotText,
    /// It holds a NUL.
    Nul,
    /// What the system said.
    System(io::Error),
}

impl Fault {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::System(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
    }

    /// The error that `path`, which `origin` (an option or a variable) names, cannot be used.
    #[must_use]
    pub fn at(&self, origin: &str, path: &Path) -> Usage {
        Usage::new(format!("{}: {self}", place(origin, path)))
    }
}

/// How far [`Reader::files_in`] goes.
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
            Self::OwnOutput => f.write_str("it is this program's own output, which has no end to read"),
            Self::Outside => f.write_str("a link leads out of the checkout"),
            Self::NotText => f.write_str("it is not UTF-8 text"),
            Self::Nul => f.write_str("it holds NUL characters, as UTF-16 without a byte order mark does"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

fn place(origin: &str, path: &Path) -> String {
    format!("{origin}: cannot read {}", path.display())
}

/// A read that did not end in time, in the words of an error: `--ca-file: cannot read /tmp/pipe`.
#[derive(Debug, PartialEq, Eq)]
pub struct Unfinished(String);

impl Unfinished {
    /// The error, with the bound's name: `before --timeout`.
    #[must_use]
    pub fn usage(&self, bound: &str) -> Usage {
        Usage::new(format!("{}: it did not end {bound}", self.0))
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: it did not end", self.0)
    }
}

impl std::error::Error for Unfinished {}

/// Reads, on a thread that may be left behind.
#[derive(Debug)]
pub struct Reader {
    under_way: Arc<Mutex<Option<String>>>,
}

/// Does `work` on a thread of its own, which alone can read, for at most as long as `within`. Work that reads nothing has a
/// moment more: it most often has read all, and is about to end. The thread is left behind where this future is dropped.
///
/// # Errors
/// The read that was under way when the time was up, or what the work is called where it did not read.
pub async fn apart<T: Send + 'static>(
    within: Duration,
    work: impl FnOnce(&Reader) -> T + Send + 'static,
) -> Result<T, Unfinished> {
    const AGAIN: Duration = Duration::from_millis(10);
    /// A look at a file (`stat`) is none of the reads that are noted, and a mount that hangs holds it for ever.
    const A_MOMENT: Duration = Duration::from_secs(1);
    let last = tokio::time::Instant::now().checked_add(within.saturating_add(A_MOMENT));
    let under_way = Arc::new(Mutex::new(None));
    let reader = Reader { under_way: Arc::clone(&under_way) };
    let mut working = tokio::task::spawn_blocking(move || work(&reader));
    let mut wait = within;
    loop {
        match tokio::time::timeout(wait, &mut working).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(ended)) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(ended) => return Err(Unfinished(ended.to_string())),
            },
            Err(_) => match under_way.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                Some(what) => return Err(Unfinished(what)),
                None if last.is_some_and(|last| tokio::time::Instant::now() >= last) => {
                    return Err(Unfinished("looking at the files that are named".into()));
                }
                None => wait = AGAIN,
            },
        }
    }
}

impl Reader {
    /// One for a unit test, whose files end.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        Self { under_way: Arc::default() }
    }

    /// The bytes of the file at `path`, which `origin` (an option or a variable) names.
    ///
    /// # Errors
    /// When there is none, it is larger than `kind` may be, or it cannot be read.
    pub fn file(&self, origin: &str, path: &Path, kind: Kind) -> Result<Vec<u8>, Fault> {
        self.noting(place(origin, path), || {
            if is_own_output(path) {
                return Err(Fault::OwnOutput);
            }
            bounded(std::fs::File::open(path)?, kind)
        })
    }

    /// The same for a file that nobody has named: a pipe, a socket or a device among others is not opened.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn ordinary_file(&self, origin: &str, path: &Path, kind: Kind) -> Result<Vec<u8>, Fault> {
        let found = self.noting(place(origin, path), || std::fs::metadata(path))?;
        if found.is_file() || found.is_dir() { self.file(origin, path, kind) } else { Err(Fault::Special) }
    }

    /// The text of the file, as [`decoded`] has it.
    ///
    /// # Errors
    /// As for [`file`](Self::file), and when it is not text.
    pub fn text(&self, origin: &str, path: &Path, kind: Kind) -> Result<String, Fault> {
        self.file(origin, path, kind).and_then(text)
    }

    /// The bytes of standard input.
    ///
    /// # Errors
    /// As for [`file`](Self::file).
    pub fn stdin(&self, origin: &str, kind: Kind) -> Result<Vec<u8>, Fault> {
        self.noting(format!("{origin}: cannot read standard input"), || bounded(std::io::stdin().lock(), kind))
    }

    /// What the files in a directory hold, as far as they can be read: links are followed to files and not to directories,
    /// and a file is read once, whatever links lead to it. All together hold no more than `kind` may; what is beyond is
    /// left out.
    #[must_use]
    pub fn files_in(&self, origin: &str, path: &Path, kind: Kind, walk: Walk) -> Vec<Vec<u8>> {
        self.noting(place(origin, path), || {
            let mut files = Files { walk, seen: HashSet::new(), left: kind.largest(), found: Vec::new() };
            files.directory(path);
            files.found
        })
    }

    /// The names of what is in a directory.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn names_in(&self, origin: &str, path: &Path) -> Result<Vec<OsString>, Fault> {
        self.noting(place(origin, path), || {
            let entries = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name()));
            Ok(entries.collect::<io::Result<_>>()?)
        })
    }

    /// Does `read`, a bounded read of the file at `path` that cannot be one of the others: of a private file, whose owner
    /// and kind are checked.
    pub fn by<T>(&self, origin: &str, path: &Path, read: impl FnOnce(&Path) -> T) -> T {
        self.noting(place(origin, path), || read(path))
    }

    fn noting<T>(&self, what: String, work: impl FnOnce() -> T) -> T {
        let note = |what| *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) = what;
        note(Some(what));
        let done = work();
        note(None);
        done
    }
}

/// Files under way.
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
        // A pipe among them would never end.
        let known = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
        if !known.is_some_and(|known| self.seen.insert((known.dev(), known.ino()))) {
            return;
        }
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(self.left).read_to_end(&mut bytes));
        if let Ok(length) = read {
            self.left = self.left.saturating_sub(length as u64);
            self.found.push(bytes);
        }
    }
}

/// Whether `path`, as `/dev/stdout` does, names the pipe that is standard output or standard error: since this process
/// holds its other end, a read of it would never end.
fn is_own_output(path: &Path) -> bool {
    let Ok(found) = std::fs::metadata(path) else { return false };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T: Send + 'static>(
        within: Duration,
        work: impl FnOnce(&Reader) -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let done = runtime.block_on(apart(within, work));
        runtime.shutdown_background();
        done
    }

    #[test]
    fn work_that_reads_nothing_has_a_moment_more_and_no_longer() {
        let sleeping = |time| move |_: &Reader| std::thread::sleep(time);
        assert_eq!(run(Duration::ZERO, sleeping(Duration::from_millis(200))), Ok(()));
        let started = std::time::Instant::now();
        let unfinished = run(Duration::from_millis(10), sleeping(Duration::from_secs(20))).unwrap_err();
        assert_eq!(unfinished.to_string(), "looking at the files that are named: it did not end");
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
