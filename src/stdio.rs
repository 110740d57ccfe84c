//! Writes standard output and standard error with a timeout: a reader that does not read, or a full pipe, must not
//! block the run.

use std::io::{self, ErrorKind, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, SeekFrom, fstat, ftruncate, seek};
use rustix::io::Errno;

/// Standard output or standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How much of a text is written, and whether the rest should still be written.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    written: AtomicUsize,
    stopped: AtomicBool,
}

impl Progress {
    /// Whether a reader may have received a part of the text.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.written.load(Ordering::SeqCst) > 0
    }

    /// Stops the writing after the current piece. The next writer waits for that piece.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
    }

    fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }
}

/// Writes as much of `text` as is possible without waiting, and returns the number of bytes: usually all of them. It
/// writes nothing to a file, a terminal or a socket. A file system may hang, and a terminal or a socket may accept
/// only a part.
///
/// # Errors
/// The operating system's error.
pub fn write_at_once(stream: Stream, text: &[u8], progress: &Progress) -> io::Result<usize> {
    match stream {
        Stream::Out => at_once(std::io::stdout().as_fd(), text, progress),
        Stream::Err => at_once(std::io::stderr().as_fd(), text, progress),
    }
}

fn at_once(stream: BorrowedFd<'_>, text: &[u8], progress: &Progress) -> io::Result<usize> {
    let is_file = kind(stream) == Some(FileType::RegularFile);
    let fits = text.len() <= LEAST_ROOM || has_room(stream, text.len());
    if is_file || may_block(stream) || !fits || !is_ready(stream, Duration::ZERO)? {
        return Ok(0);
    }
    match rustix::io::write(stream, text) {
        Ok(length) => {
            progress.0.written.fetch_add(length, Ordering::SeqCst);
            Ok(length)
        }
        Err(Errno::INTR | Errno::AGAIN) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Writes `text` until `until` (without a limit if `None`), or until `progress` is stopped. A pipe gets all of it at
/// once if it has room or can be enlarged. A regular file gets all of it or nothing. A terminal or a socket that is not
/// read may block longer. So call this from a thread that can be abandoned.
///
/// # Errors
/// The operating system's error; [`ErrorKind::TimedOut`] if the text was not read in time.
pub fn write(stream: Stream, text: &[u8], until: Option<Instant>, progress: &Progress) -> io::Result<()> {
    match stream {
        Stream::Out => write_to(std::io::stdout().as_fd(), || std::io::stdout().lock(), text, until, progress),
        Stream::Err => write_to(std::io::stderr().as_fd(), || std::io::stderr().lock(), text, until, progress),
    }
}

/// Writes as much of `text` as is possible within `within`, from any thread. It does not return how much: the text is
/// a message without a secret. If a terminal or a socket blocks, a thread writes the rest.
pub fn write_within(stream: Stream, text: &[u8], within: Duration) {
    let until = Some(Instant::now() + within);
    let progress = Progress::default();
    let blocks = match stream {
        Stream::Out => may_block(std::io::stdout().as_fd()),
        Stream::Err => may_block(std::io::stderr().as_fd()),
    };
    if !blocks {
        // If the stream is closed, nobody can receive the error.
        let _ = write(stream, text, until, &progress);
        return;
    }
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let (text, noted) = (text.to_vec(), progress.clone());
    let writing = std::thread::Builder::new().spawn(move || {
        let _ = write(stream, &text, until, &noted);
        drop(done);
    });
    if writing.is_ok() {
        // This returns when the thread drops the other end.
        let _ = ended.recv_timeout(within);
    }
    progress.stop();
}

/// Whether standard output and standard error are one pipe or file (`2>&1`), so that a shell evaluates both. A terminal
/// and `/dev/null` do not count.
#[must_use]
pub fn are_one() -> bool {
    let (Ok(out), Ok(err)) = (fstat(std::io::stdout().as_fd()), fstat(std::io::stderr().as_fd())) else { return false };
    (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino)
        && FileType::from_raw_mode(out.st_mode) != FileType::CharacterDevice
}

fn kind(stream: BorrowedFd<'_>) -> Option<FileType> {
    fstat(stream).ok().map(|found| FileType::from_raw_mode(found.st_mode))
}

/// Whether a write may block although the stream is ready: a terminal and a socket can have room for only a part.
fn may_block(stream: BorrowedFd<'_>) -> bool {
    match kind(stream) {
        Some(FileType::CharacterDevice) => stream.is_terminal(),
        Some(FileType::Fifo | FileType::RegularFile) | None => false,
        Some(_) => true,
    }
}

/// `lock` serializes two writers. It is not held during the wait for the stream.
fn write_to<L>(
    stream: BorrowedFd<'_>,
    lock: impl Fn() -> L,
    text: &[u8],
    until: Option<Instant>,
    progress: &Progress,
) -> io::Result<()> {
    let file = OrdinaryFile::at_its_end(stream);
    let blocks = may_block(stream);
    let at_once = if file.is_some() || has_room(stream, text.len()) { text.len() } else { LEAST_ROOM };
    let mut rest = text;
    while !rest.is_empty() {
        let written = {
            let _lock = lock();
            if progress.is_stopped() {
                return Err(ErrorKind::Interrupted.into());
            }
            if is_ready(stream, Duration::ZERO)? {
                if blocks {
                    // A reader may receive a part before this call returns.
                    progress.0.written.fetch_add(1, Ordering::SeqCst);
                }
                rustix::io::write(stream, &rest[..rest.len().min(at_once)])
            } else {
                Err(Errno::AGAIN)
            }
        };
        match written {
            Ok(length) => {
                progress.0.written.fetch_add(length, Ordering::SeqCst);
                rest = &rest[length..];
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(stream, until)?,
            Err(error) => {
                if file.is_some_and(|file| file.undo(stream, text.len() - rest.len())) {
                    progress.0.written.store(0, Ordering::SeqCst);
                }
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// A pipe that is ready accepts this many bytes without blocking (`PIPE_BUF`, pipe(7)).
const LEAST_ROOM: usize = 4096;

/// Waits until `stream` is writable, only for a short time, because the write may be stopped during it.
fn wait(stream: BorrowedFd<'_>, until: Option<Instant>) -> io::Result<()> {
    const STEP: Duration = Duration::from_millis(20);
    let left = until.map_or(STEP, |until| until.saturating_duration_since(Instant::now()));
    if left.is_zero() {
        return Err(unread());
    }
    is_ready(stream, left.min(STEP)).map(drop)
}

/// The error of a text that was not read in time.
#[must_use]
pub fn unread() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "nobody has read it in time")
}

/// Whether a write would return at once, with success or an error.
fn is_ready(stream: BorrowedFd<'_>, within: Duration) -> io::Result<bool> {
    let timeout = Timespec { tv_sec: 0, tv_nsec: within.subsec_nanos().into() };
    match poll(&mut [PollFd::new(&stream, PollFlags::OUT)], Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the pipe `stream` accepts `length` more bytes at once. It is enlarged if that is necessary and permitted.
#[cfg(target_os = "linux")]
fn has_room(stream: BorrowedFd<'_>, length: usize) -> bool {
    let Ok(size) = rustix::pipe::fcntl_getpipe_size(stream) else { return false };
    // Unread bytes may occupy all pages of the pipe, even if they are few.
    let taken = if rustix::io::ioctl_fionread(stream).is_ok_and(|waiting| waiting == 0) { 0 } else { size };
    let needed = taken + length.next_multiple_of(LEAST_ROOM);
    needed <= size || rustix::pipe::fcntl_setpipe_size(stream, needed).is_ok_and(|size| size >= needed)
}

/// The size of a pipe is not available on this system.
#[cfg(not(target_os = "linux"))]
fn has_room(_: BorrowedFd<'_>, _: usize) -> bool {
    false
}

/// A regular file that is written at its end, so that the text can be removed again.
struct OrdinaryFile {
    end: u64,
}

impl OrdinaryFile {
    fn at_its_end(stream: BorrowedFd<'_>) -> Option<Self> {
        let found = fstat(stream).ok()?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return None;
        }
        let end = u64::try_from(found.st_size).ok()?;
        let appends = rustix::fs::fcntl_getfl(stream).is_ok_and(|flags| flags.contains(rustix::fs::OFlags::APPEND));
        (appends || seek(stream, SeekFrom::Current(0)) == Ok(end)).then_some(Self { end })
    }

    /// Removes what was written, unless another process has written too. Returns whether nothing of it remains.
    fn undo(&self, stream: BorrowedFd<'_>, written: usize) -> bool {
        let size = fstat(stream).ok().and_then(|found| u64::try_from(found.st_size).ok());
        size == Some(self.end + written as u64)
            && ftruncate(stream, self.end).and_then(|()| seek(stream, SeekFrom::Start(self.end))).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};
    use std::os::fd::OwnedFd;

    use rustix::pipe::pipe;

    use super::*;

    const SHORTLY: Duration = Duration::from_millis(100);

    fn write(to: &OwnedFd, text: &[u8], within: Duration, progress: &Progress) -> io::Result<()> {
        write_to(to.as_fd(), || (), text, Some(Instant::now() + within), progress)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pipe_that_nobody_reads_takes_all_of_it_at_once() {
        let (reader, writer) = pipe().unwrap();
        let text = vec![b'x'; 900_000];
        write(&writer, b"before ", SHORTLY, &Progress::default()).unwrap();
        assert_eq!(at_once(writer.as_fd(), &text, &Progress::default()).unwrap(), text.len());
        drop(writer);
        let mut read = Vec::new();
        std::fs::File::from(reader).read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), text.len() + 7);
    }

    #[test]
    fn what_is_beyond_it_waits_for_a_reader_until_the_bound() {
        let (reader, writer) = pipe().unwrap();
        let text = vec![b'x'; 100 << 20];
        let progress = Progress::default();
        let started = Instant::now();
        let error = write(&writer, &text, SHORTLY, &progress).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(progress.has_begun() && started.elapsed() >= SHORTLY);
        let reading = std::thread::spawn(move || std::fs::File::from(reader).read_to_end(&mut Vec::new()).unwrap());
        write(&writer, &text, Duration::from_mins(1), &Progress::default()).unwrap();
        drop(writer);
        assert!(reading.join().unwrap() > text.len());
    }

    #[test]
    fn one_that_does_not_block_is_waited_for() {
        let (reader, writer) = pipe().unwrap();
        rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
        let text = vec![b'x'; 20 << 20];
        let reading = std::thread::spawn(move || {
            std::thread::sleep(SHORTLY);
            std::fs::File::from(reader).read_to_end(&mut Vec::new()).unwrap()
        });
        write(&writer, &text, Duration::from_mins(1), &Progress::default()).unwrap();
        drop(writer);
        assert_eq!(reading.join().unwrap(), text.len());
    }

    #[test]
    fn it_stops_where_it_is_told_to() {
        let (_reader, writer) = pipe().unwrap();
        let progress = Progress::default();
        progress.stop();
        let error = write(&writer, b"text", SHORTLY, &progress).unwrap_err();
        assert!(error.kind() == ErrorKind::Interrupted && !progress.has_begun());
    }

    #[test]
    fn a_reader_that_is_gone_is_an_error() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(write(&writer, b"text", SHORTLY, &Progress::default()).unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_file_is_cut_off_where_the_text_began() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"before\n").unwrap();
        let end = OrdinaryFile::at_its_end(file.as_fd()).unwrap();
        file.write_all(b"half a te").unwrap();
        assert!(!end.undo(file.as_fd(), 3), "there is more than was written");
        assert!(end.undo(file.as_fd(), 9));
        file.write_all(b"after\n").unwrap();
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "before\nafter\n");
        // In the middle of the file, the text cannot be removed.
        file.rewind().unwrap();
        assert!(OrdinaryFile::at_its_end(file.as_fd()).is_none());
    }
}
