//! Signals: those that end a run before its time, and those that a command is passed.

use std::future::pending;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Every signal that would end the run without a word, and can be caught. SIGKILL cannot; SIGSEGV, SIGBUS, SIGILL and SIGFPE
/// are for faults of the program itself. Real-time signals are left out: nothing sends them to a job, a handler costs more with
/// each that is there, and valgrind keeps one for itself.
#[must_use]
pub fn ending() -> Vec<(SignalKind, &'static str)> {
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
pub fn outlive_file_limit() -> std::io::Result<()> {
    let kind = SignalKind::from_raw(Signal::XFSZ.as_raw());
    // Once there, a handler stays for the life of the process.
    Signals::watch(&[(kind, "SIGXFSZ")]).map(drop)
}

/// A watch on some signals.
#[derive(Debug)]
pub struct Signals(UnboundedReceiver<(SignalKind, &'static str)>);

impl Signals {
    /// Starts to watch for `kinds`, but for those that the caller has had ignored (`nohup`, a background job of a
    /// script): they stay ignored, for COMMAND too. Each has a task of its own, so that waiting for all of them costs the run
    /// no more than waiting for one.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn watch(kinds: &[(SignalKind, &'static str)]) -> std::io::Result<Self> {
        let ignored = ignored();
        let (sender, receiver) = unbounded_channel();
        for &(kind, name) in kinds.iter().filter(|(kind, _)| ignored & (1_u64 << (kind.as_raw_value() - 1)) == 0) {
            let (mut signal, sender) = (signal(kind)?, sender.clone());
            tokio::spawn(async move { while signal.recv().await.is_some() && sender.send((kind, name)).is_ok() {} });
        }
        Ok(Self(receiver))
    }

    /// Waits for one of them.
    pub async fn next(&mut self) -> (SignalKind, &'static str) {
        match self.0.recv().await {
            Some(received) => received,
            // All of them are ignored.
            None => pending().await,
        }
    }
}

/// The set of ignored signals as proc(5) shows it, a bit each; none where there is no /proc.
#[allow(clippy::disallowed_methods, reason = "the system's own file, which neither blocks nor grows")]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
