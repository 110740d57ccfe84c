//! Standard output and standard error, written without waiting for ever: a reader that sleeps, or a full pipe, must not
//! keep the run beyond its bound.

use std::io::{self, ErrorKind, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, SeekFrom, fstat, ftruncate, seek};
use rustix::io::Errno;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How far a text is written, and whether the rest is still wanted.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    written: AtomicUsize,
    stopped: AtomicBool,
}

impl Progress {
    /// Whether a part of the text can have been read by somebody.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.written.load(Ordering::SeqCst) > 0
    }

    /// Ends the writing: nothing follows the piece that is under way, and whoever writes next comes after that.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
    }

    fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }
}

/// Writes as much of `text` as can be written without waiting, and says how much that is: all of it most often. To a file,
/// whose file system may hang, and to a terminal or a socket, which may have room for a part only, nothing is.
///
/// # Errors
/// What the system said.
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

/// Writes `text`, until `until` (for ever where that is none) or until `progress` is stopped. It is written at once where
/// the pipe has, or can be given, the room; an ordinary file has all of it in the end, or nothing. A terminal or a socket
/// that nobody reads may hold this longer: it is for a thread that can be left behind.
///
/// # Errors
/// What the system said; [`ErrorKind::TimedOut`] when nobody has read in time.
pub fn write(stream: Stream, text: &[u8], until: Option<Instant>, progress: &Progress) -> io::Result<()> {
    match stream {
        Stream::Out => write_to(std::io::stdout().as_fd(), || std::io::stdout().lock(), text, until, progress),
        Stream::Err => write_to(std::io::stderr().as_fd(), || std::io::stderr().lock(), text, until, progress),
    }
}

/// Writes `text` as far as that is possible within `within`, from any thread, and does not say how far: these are words
/// beside the result, without a secret. What a terminal or a socket takes no longer is left to a thread.
pub fn write_within(stream: Stream, text: &[u8], within: Duration) {
    let until = Some(Instant::now() + within);
    let progress = Progress::default();
    let blocks = match stream {
        Stream::Out => may_block(std::io::stdout().as_fd()),
        Stream::Err => may_block(std::io::stderr().as_fd()),
    };
    if !blocks {
        // With the stream gone there is nobody left to tell.
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
        // It ends when the thread lets go of the other end.
        let _ = ended.recv_timeout(within);
    }
    progress.stop();
}

/// Standard error for those who write a line and go on: one that is not read soon is dropped.
#[derive(Clone, Copy, Debug)]
pub struct BoundedStderr;

impl io::Write for BoundedStderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        write_within(Stream::Err, line, Duration::from_millis(200));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn kind(stream: BorrowedFd<'_>) -> Option<FileType> {
    fstat(stream).ok().map(|found| FileType::from_raw_mode(found.st_mode))
}

/// Whether a write may wait although the stream is ready: a terminal and a socket are, with room for a part of it.
fn may_block(stream: BorrowedFd<'_>) -> bool {
    match kind(stream) {
        Some(FileType::CharacterDevice) => stream.is_terminal(),
        Some(FileType::Fifo | FileType::RegularFile) | None => false,
        Some(_) => true,
    }
}

/// `lock` keeps two writers apart; it is not held while one waits for the stream to be ready.
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
                    // Somebody may see a part of it before this comes back.
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

/// A pipe that is ready takes this much without waiting (`PIPE_BUF`, pipe(7)).
const LEAST_ROOM: usize = 4096;

/// Waits until `stream` can be written to, but not for long: somebody may have stopped the writing.
fn wait(stream: BorrowedFd<'_>, until: Option<Instant>) -> io::Result<()> {
    const STEP: Duration = Duration::from_millis(20);
    let left = until.map_or(STEP, |until| until.saturating_duration_since(Instant::now()));
    if left.is_zero() {
        return Err(unread());
    }
    is_ready(stream, left.min(STEP)).map(drop)
}

/// The error of a text that nobody has read in time.
#[must_use]
pub fn unread() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "nobody has read it in time")
}

/// Whether a write would do something at once, be it to fail.
fn is_ready(stream: BorrowedFd<'_>, within: Duration) -> io::Result<bool> {
    let timeout = Timespec { tv_sec: 0, tv_nsec: within.subsec_nanos().into() };
    match poll(&mut [PollFd::new(&stream, PollFlags::OUT)], Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the pipe `stream` takes `length` more bytes at once; it is enlarged where it must be and may be.
#[cfg(target_os = "linux")]
fn has_room(stream: BorrowedFd<'_>, length: usize) -> bool {
    let Ok(size) = rustix::pipe::fcntl_getpipe_size(stream) else { return false };
    // What waits in it may take up all of its pages, however short it is.
    let taken = if rustix::io::ioctl_fionread(stream).is_ok_and(|waiting| waiting == 0) { 0 } else { size };
    let needed = taken + length.next_multiple_of(LEAST_ROOM);
    needed <= size || rustix::pipe::fcntl_setpipe_size(stream, needed).is_ok_and(|size| size >= needed)
}

/// The size of a pipe cannot be known here.
#[cfg(not(target_os = "linux"))]
fn has_room(_: BorrowedFd<'_>, _: usize) -> bool {
    false
}

/// An ordinary file that is written to at its end, where it can be cut off again.
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

    /// Cuts off what was written, unless somebody else has written too; whether nothing is left of it.
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
        // In its middle there is nothing that could be cut off.
        file.rewind().unwrap();
        assert!(OrdinaryFile::at_its_end(file.as_fd()).is_none());
    }
}
