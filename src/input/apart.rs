//! Reads that end in time: on a thread that can be abandoned, or on this thread while another one watches.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Mode, Reader};
use crate::error::Usage;

/// How long to wait between two looks at work that is about to end.
const AGAIN: Duration = Duration::from_millis(10);

/// A read that did not end in time. Its text is like `--ca-file: cannot read /tmp/pipe`.
#[derive(Debug, PartialEq, Eq)]
pub struct Unfinished(String);

impl Unfinished {
    /// The error, with the timeout's name, such as `before --timeout`.
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

/// Runs `work` on this thread, where its reads fail. Returns `None` if it asked for one: then it belongs on a thread.
pub fn without_reading<T>(work: impl FnOnce(&Reader) -> T) -> Option<T> {
    let reader = Reader { mode: Mode::Here(Cell::new(false)) };
    let done = work(&reader);
    matches!(reader.mode, Mode::Here(asked) if !asked.get()).then_some(done)
}

/// Runs `work` on its own thread, where it may read files, for at most `within`. If it is not in a read at that time,
/// it has a moment more: usually it is about to end. If this future is dropped, the thread is abandoned.
///
/// # Errors
/// The read that was active at the timeout; or the name of the work, if it was not in a read.
pub async fn apart<T: Send + 'static>(
    within: Duration,
    work: impl FnOnce(&Reader) -> T + Send + 'static,
) -> Result<T, Unfinished> {
    let (watched, reader) = Watched::new(within);
    let mut working = tokio::task::spawn_blocking(move || work(&reader));
    let mut wait = within;
    loop {
        match tokio::time::timeout(wait, &mut working).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(ended)) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(ended) => return Err(Unfinished(ended.to_string())),
            },
            Err(_) => wait = watched.more()?,
        }
    }
}

/// Runs `work` on this thread, where it may read files, for at most `within` and a moment as for [`apart`]. After that,
/// `give_up` gets the read that is active, and ends the process. Nothing else can end a read that hangs.
///
/// `work` does not change threads, which would take a quarter of the time of a short run.
///
/// # Errors
/// If no thread can be started.
pub fn watched<T>(
    within: Duration,
    work: impl FnOnce(&Reader) -> T,
    give_up: impl FnOnce(&Unfinished) -> Infallible + Send + 'static,
) -> io::Result<T> {
    let (watched, reader) = Watched::new(within);
    let ended = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ended);
    std::thread::Builder::new().spawn(move || {
        let unfinished = watched.until(within, &seen);
        // The first of the two threads to set it continues. The other one prints nothing.
        if let Some(unfinished) = unfinished
            && !seen.swap(true, Ordering::AcqRel)
        {
            give_up(&unfinished);
        }
    })?;
    let done = work(&reader);
    while ended.swap(true, Ordering::AcqRel) {
        std::thread::park();
    }
    Ok(done)
}

/// The other thread's view of work that reads.
struct Watched {
    under_way: Arc<Mutex<Option<String>>>,
    last: Option<Instant>,
}

impl Watched {
    fn new(within: Duration) -> (Self, Reader) {
        /// Getting a file's metadata (`stat`) is not recorded as a read, and may hang on a network mount.
        const A_MOMENT: Duration = Duration::from_secs(1);
        let last = Instant::now().checked_add(within.saturating_add(A_MOMENT));
        let under_way = Arc::new(Mutex::new(None));
        let reader = Reader { mode: Mode::Apart(Arc::clone(&under_way)) };
        (Self { under_way, last }, reader)
    }

    /// How much longer to wait for the work after its time is up.
    fn more(&self) -> Result<Duration, Unfinished> {
        match self.under_way.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(what) => Err(Unfinished(what)),
            None if self.last.is_some_and(|last| Instant::now() >= last) => {
                Err(Unfinished("looking at the files that are named".into()))
            }
            None => Ok(AGAIN),
        }
    }

    /// Waits until the work's time is up. Returns nothing if it has `ended` by then.
    fn until(&self, within: Duration, ended: &AtomicBool) -> Option<Unfinished> {
        let mut wait = within;
        loop {
            std::thread::sleep(wait);
            if ended.load(Ordering::Acquire) {
                return None;
            }
            match self.more() {
                Ok(more) => wait = more,
                Err(unfinished) => return Some(unfinished),
            }
        }
    }
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
    fn work_that_reads_is_not_done_here() {
        assert_eq!(without_reading(|_| 7), Some(7));
        let file = std::path::Path::new("/dev/null");
        assert_eq!(without_reading(|reader| reader.file("--ca-file", file, crate::input::Kind::Token).is_ok()), None);
        assert_eq!(without_reading(|reader| reader.by("it", file, std::path::Path::exists).is_ok()), None);
    }

    #[test]
    fn watched_work_that_hangs_is_given_up_once() {
        let (tell, told) = std::sync::mpsc::channel();
        let unwatched = tell.clone();
        let give_up = move |unfinished: &Unfinished| {
            tell.send(unfinished.to_string()).unwrap();
            // The end of the process.
            loop {
                std::thread::park();
            }
        };
        // Neither of the two threads returns.
        std::thread::spawn(move || {
            let hanging = |reader: &Reader| {
                let slowly = |_: &std::path::Path| std::thread::sleep(Duration::from_millis(500));
                reader.by("--ca-file", std::path::Path::new("that/hangs"), slowly).unwrap();
            };
            watched(Duration::from_millis(10), hanging, give_up).unwrap();
            unwatched.send("it went on".into()).unwrap();
        });
        assert_eq!(told.recv().unwrap(), "--ca-file: cannot read that/hangs: it did not end");
        assert!(told.recv_timeout(Duration::from_secs(1)).is_err());
        assert_eq!(watched(Duration::from_mins(1), |_| 7, |_| unreachable!()).unwrap(), 7);
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
