//! Signals: those that end a run before its time, and those that a command is passed.

use std::future::poll_fn;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a CI agent, a terminal or a time limit sends to end a run.
#[must_use]
pub fn ending() -> [(SignalKind, &'static str); 3] {
    [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")]
}

/// Lets a write beyond the limit on a file's size (`ulimit -f`) fail, as one to a full disk does, where SIGXFSZ would end
/// the run without a word. A COMMAND gets the signal as ever: what catches it does not outlive `exec`.
///
/// # Errors
/// When the system takes no handler.
pub fn outlive_file_limit() -> std::io::Result<()> {
    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // Once there, a handler stays for the life of the process.
    Signals::watch(&[(kind, "SIGXFSZ")]).map(drop)
}

/// A watch on some signals.
#[derive(Debug)]
pub struct Signals(Vec<(Signal, SignalKind, &'static str)>);

impl Signals {
    /// Starts to watch for `kinds`, but for those that the caller has had ignored (`nohup`, a background job of a
    /// script): they stay ignored, for COMMAND too.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn watch(kinds: &[(SignalKind, &'static str)]) -> std::io::Result<Self> {
        let ignored = ignored();
        let wanted = kinds.iter().filter(|(kind, _)| ignored & (1 << (kind.as_raw_value() - 1)) == 0);
        wanted.map(|(kind, name)| Ok((signal(*kind)?, *kind, *name))).collect::<std::io::Result<_>>().map(Self)
    }

    /// Waits for one of them.
    pub async fn next(&mut self) -> (SignalKind, &'static str) {
        poll_fn(|context| {
            for (signal, kind, name) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready((*kind, *name));
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The set of ignored signals as proc(5) shows it, a bit each; none where there is no /proc.
#[allow(clippy::disallowed_methods, reason = "the system's own file, which neither blocks nor grows")]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
