//! The signals that end a run before its time.

use std::future::poll_fn;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that a CI agent, a terminal or a time limit sends.
const ENDING: [(SignalKind, &str); 3] =
    [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")];

/// A watch on those signals.
#[derive(Debug)]
pub struct Signals(Vec<(Signal, &'static str)>);

impl Signals {
    /// Starts to watch, but for signals that the caller has had ignored (`nohup`, a background job of a script):
    /// those stay ignored, for COMMAND too.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn watch() -> std::io::Result<Self> {
        let ignored = ignored();
        let wanted = ENDING.into_iter().filter(|(kind, _)| ignored & (1 << (kind.as_raw_value() - 1)) == 0);
        wanted.map(|(kind, name)| Ok((signal(kind)?, name))).collect::<std::io::Result<_>>().map(Self)
    }

    /// Waits for one of them and gives its name.
    pub async fn next(&mut self) -> &'static str {
        poll_fn(|context| {
            for (signal, name) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*name);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The set of ignored signals as proc(5) shows it, a bit each; none where there is no /proc.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
