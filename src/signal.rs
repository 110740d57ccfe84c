//! Signals: those that end a run, and those that are forwarded to a command.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{SelectAll, Stream, StreamExt};
use nix::sys::signal::{SigSet, SigmaskHow};
use rustix::process::Signal;
use signal_hook::SigId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

/// Every signal that can be caught and would end the run without a message. SIGKILL cannot be caught. SIGSEGV,
/// SIGBUS, SIGILL and SIGFPE indicate a bug in the program. Real-time signals are left out: nothing sends them to a
/// job, each handler costs time, and valgrind reserves one.
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

/// SIGXFSZ and the signals of [`ending`] are blocked, in this thread and in the threads that it starts. A signal that
/// arrives is delivered after [`release`](Self::release), or never if the process ends before. Without this, a signal that arrives before its handler ends the
/// run without a message. One that arrives while its handler is being installed is lost: for a moment the system has
/// the handler, and the handler has nothing to call.
#[derive(Debug)]
pub struct HeldBack {
    /// The caller's own mask.
    callers: Option<SigSet>,
}

impl HeldBack {
    /// Blocks them. A signal that the caller blocks stays blocked afterwards.
    #[must_use]
    pub fn now() -> Self {
        let numbers = ending().into_iter().map(|(kind, _)| kind.as_raw_value());
        let numbers = numbers.chain([Signal::XFSZ.as_raw()]);
        let held: SigSet = numbers.filter_map(|number| number.try_into().ok()).collect();
        // No mask is refused.
        Self { callers: held.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok() }
    }

    /// Blocks only what the caller blocks.
    fn release(self) {
        let _ = self.callers.map(|mask| mask.thread_set_mask());
    }
}

/// Makes a write beyond the file size limit (`ulimit -f`) fail like a write to a full disk. Otherwise SIGXFSZ would
/// end the run without a message. COMMAND gets the signal's default action, because handlers do not survive `exec`.
fn outlive_file_limit(ignored: Ignored) -> std::io::Result<()> {
    let kind = SignalKind::from_raw(Signal::XFSZ.as_raw());
    // A handler remains installed for the lifetime of the process.
    watch(&[(kind, "SIGXFSZ")], ignored).map(drop)
}

/// A received signal, and its name.
pub type Received = (SignalKind, &'static str);

/// The longest time between signals that count as one. When a terminal closes, it sends SIGHUP and the CI agent sends
/// SIGTERM: both request the same end. Nobody presses Ctrl-C twice so fast.
const TOGETHER: Duration = Duration::from_millis(250);

/// Receives the signals of [`ending`].
///
/// Until a run has to wait for something, they are only held back. A run that never waits, such as one with a kept
/// answer, ends without the cost of their handlers.
#[derive(Debug)]
pub struct Signals {
    held_back: Option<HeldBack>,
    each: SelectAll<Watch>,
    first: Option<Instant>,
}

/// Receives one signal.
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

/// Starts to receive `kinds`, except those that are `ignored`: they stay ignored, for COMMAND too.
fn watch(kinds: &[Received], ignored: Ignored) -> std::io::Result<SelectAll<Watch>> {
    let watched = kinds.iter().filter(|(kind, _)| ignored.0 & (1_u64 << (kind.as_raw_value() - 1)) == 0);
    watched.map(|&received| signal(received.0).map(|signal| Watch { signal, received })).collect()
}

impl Signals {
    /// Receives what `held_back` holds back, and later signals.
    #[must_use]
    pub fn after(held_back: HeldBack) -> Self {
        Self { held_back: Some(held_back), each: SelectAll::new(), first: None }
    }

    /// Installs the handlers, unless they are there.
    fn install(&mut self) {
        let Some(held_back) = self.held_back.take() else { return };
        let ignored = Ignored::now();
        match outlive_file_limit(ignored).and_then(|()| watch(&ending(), ignored)) {
            Ok(each) => self.each = each,
            // Only a signal that has no handler by definition is refused, and none of these is one.
            Err(error) => tracing::warn!("cannot watch for signals: {error}"),
        }
        held_back.release();
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Received {
        if self.held_back.is_some() {
            // What the caller does beside this comes first. If it ends at once, no handler is needed.
            tokio::task::yield_now().await;
            self.install();
        }
        match self.each.next().await {
            Some(received) => self.note(received),
            // All of them are ignored.
            None => pending().await,
        }
    }

    /// Waits for a signal that requests an immediate end: a second one, later than `TOGETHER` after the first.
    pub async fn again(&mut self) {
        loop {
            let first = self.first;
            self.next().await;
            if first.is_some_and(|first| first.elapsed() >= TOGETHER) {
                return;
            }
        }
    }

    /// A signal that has already arrived, or `None`.
    pub async fn arrived(&mut self) -> Option<Received> {
        self.install();
        // The runtime checks for signals only when no task is ready.
        tokio::task::yield_now().await;
        let received = self.each.next().now_or_never()??;
        Some(self.note(received))
    }

    /// Restores the default action of the signals as long as the returned value lives: `exec` follows, after which
    /// nobody would receive a signal. Earlier signals are returned by [`arrived`](Self::arrived).
    #[must_use]
    pub fn default_actions(&mut self) -> DefaultActions {
        self.install();
        let wanted = Arc::new(AtomicBool::new(false));
        let numbers = self.each.iter().map(|watch| watch.received.0.as_raw_value());
        // The library has no default action for some signals. Those are only recorded.
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

/// The signals that the caller set to be ignored (`nohup`, a background job of a script).
#[derive(Clone, Copy, Debug)]
pub struct Ignored(u64);

impl Ignored {
    /// The ignored signals of this process: a bit each, as in proc(5). None if there is no /proc.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the system's own file, which neither blocks nor grows")]
    pub fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each comes before it has a handler. It is sent only to this thread, because the test's other threads do not block it.
    #[test]
    fn what_comes_before_its_handler_is_seen() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for received in ending().into_iter().filter(|(_, name)| ["SIGUSR2", "SIGALRM", "SIGPWR"].contains(name)) {
                let held = HeldBack::now();
                nix::sys::signal::raise(received.0.as_raw_value().try_into().unwrap()).unwrap();
                let mut signals = Signals::after(held);
                assert_eq!(tokio::select! { biased; it = signals.next() => Some(it), () = async {} => None }, None);
                assert_eq!(signals.next().await, received);
            }
        });
    }

    #[test]
    fn what_the_caller_blocks_stays_blocked() {
        let block = SigSet::from(nix::sys::signal::SIGHUP);
        block.thread_block().unwrap();
        HeldBack::now().release();
        assert_eq!(SigSet::thread_get_mask().unwrap(), block);
    }
}
