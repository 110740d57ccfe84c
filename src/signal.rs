//! Signals: those that end a run before its time, and those that a command is passed.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{SelectAll, Stream, StreamExt};
use rustix::process::Signal;
use signal_hook::SigId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

/// Every signal that would end the run without a word, and can be caught. SIGKILL cannot; SIGSEGV, SIGBUS, SIGILL and SIGFPE
/// are for faults of the program itself. Real-time signals are left out: nothing sends them to a job, a handler costs more with
/// each that is there, and valgrind keeps one for itself.
#[must_use]
pub fn ending() -> Vec<Received> {
    const NAMED: [(Signal, &str); 14] = [
        (Signal::INT, "SIGINT"),
        (Signal::TERM, "SIGTERM"),
        (Signal::HUP, "SIGHUP"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::VTALARM, "SIGVTALRM"),
        (Signal::PROF, "SIGPROF"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::IO, "SIGIO"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::SYS, "SIGSYS"),
    ];
    let named = NAMED.into_iter().chain(of_this_system());
    named.map(|(signal, name)| (SignalKind::from_raw(signal.as_raw()), name)).collect()
}

#[cfg(target_os = "linux")]
fn of_this_system() -> [(Signal, &'static str); 2] {
    [(Signal::POWER, "SIGPWR"), (Signal::STKFLT, "SIGSTKFLT")]
}

#[cfg(not(target_os = "linux"))]
fn of_this_system() -> [(Signal, &'static str); 0] {
    []
}

/// Lets a write beyond the limit on a file's size (`ulimit -f`) fail, as one to a full disk does, where SIGXFSZ would end
/// the run without a word. A COMMAND gets the signal as ever: what catches it does not outlive `exec`.
///
/// # Errors
/// When the system takes no handler.
pub fn outlive_file_limit(ignored: Ignored) -> std::io::Result<()> {
    let kind = SignalKind::from_raw(Signal::XFSZ.as_raw());
    // Once there, a handler stays for the life of the process.
    Signals::watch(&[(kind, "SIGXFSZ")], ignored).map(drop)
}

/// A signal that has come, and its name.
pub type Received = (SignalKind, &'static str);

/// How long signals that come together may be apart. A terminal that closes sends SIGHUP, and the agent above it SIGTERM: both
/// ask for the same end. Nobody presses Ctrl-C twice so fast.
const TOGETHER: Duration = Duration::from_millis(250);

/// A watch on some signals.
#[derive(Debug)]
pub struct Signals {
    each: SelectAll<Watch>,
    first: Option<Instant>,
}

/// The watch on one of them.
#[derive(Debug)]
struct Watch {
    signal: tokio::signal::unix::Signal,
    received: Received,
}

impl Stream for Watch {
    type Item = Received;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Received>> {
        let received = self.received;
        self.signal.poll_recv(context).map(|came| came.map(|()| received))
    }
}

impl Signals {
    /// Starts to watch for `kinds`, but for those that are `ignored`: they stay ignored, for COMMAND too.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn watch(kinds: &[Received], ignored: Ignored) -> std::io::Result<Self> {
        let watched = kinds.iter().filter(|(kind, _)| ignored.0 & (1_u64 << (kind.as_raw_value() - 1)) == 0);
        let watch = |&received: &Received| signal(received.0).map(|signal| Watch { signal, received });
        Ok(Self { each: watched.map(watch).collect::<std::io::Result<_>>()?, first: None })
    }

    /// Waits for one of them.
    pub async fn next(&mut self) -> Received {
        match self.each.next().await {
            Some(received) => self.note(received),
            // All of them are ignored.
            None => pending().await,
        }
    }

    /// Waits for one that asks for an end at once: it comes after another one, and not together with it.
    pub async fn again(&mut self) {
        loop {
            let first = self.first;
            self.next().await;
            if first.is_some_and(|first| first.elapsed() >= TOGETHER) {
                return;
            }
        }
    }

    /// One that has come already, if there is one.
    pub async fn arrived(&mut self) -> Option<Received> {
        // The runtime looks for signals while nothing else is to be done.
        tokio::task::yield_now().await;
        let received = self.each.next().now_or_never()??;
        Some(self.note(received))
    }

    /// Lets a signal end this process as it ends one that watches for none, as long as the value lives: a command is about
    /// to take its place, where nobody would look at what has come. Those that came before are [`arrived`](Self::arrived).
    #[must_use]
    pub fn default_actions(&self) -> DefaultActions {
        let wanted = Arc::new(AtomicBool::new(false));
        let numbers = self.each.iter().map(|watch| watch.received.0.as_raw_value());
        // One that the library has no default action for is looked for alone.
        let register = |number| signal_hook::flag::register_conditional_default(number, Arc::clone(&wanted)).ok();
        let registered = numbers.filter_map(register).collect();
        wanted.store(true, Ordering::SeqCst);
        DefaultActions(registered)
    }

    fn note(&mut self, received: Received) -> Received {
        self.first.get_or_insert_with(Instant::now);
        received
    }
}

/// See [`Signals::default_actions`].
#[derive(Debug)]
pub struct DefaultActions(Vec<SigId>);

impl Drop for DefaultActions {
    fn drop(&mut self) {
        for &id in &self.0 {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// The signals that the caller has had ignored (`nohup`, a background job of a script).
#[derive(Clone, Copy, Debug)]
pub struct Ignored(u64);

impl Ignored {
    /// Those of this process, as proc(5) shows them, a bit each; none where there is no /proc.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the system's own file, which neither blocks nor grows")]
    pub fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
    }
}
