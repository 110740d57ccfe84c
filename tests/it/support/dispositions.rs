//! Resets signals that the caller of the tests ignores for the programs that they run. `nohup` ignores SIGHUP, and a script
//! ignores SIGINT and SIGQUIT for what it runs in the background.

use std::sync::Once;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Installs a handler for each ignored signal. A program is then started with the default action, not with an ignored
/// signal. (tokio's handlers stay installed for the lifetime of the process.)
pub(super) fn heed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        // Rust's own runtime ignores SIGPIPE. The others cannot be handled.
        let left =
            [Signal::PIPE, Signal::ILL, Signal::FPE, Signal::SEGV, Signal::KILL, Signal::STOP].map(Signal::as_raw);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let _within = runtime.enter();
        for number in (1..=31).filter(|number| !left.contains(number) && is_ignored(&status, *number)) {
            drop(signal(SignalKind::from_raw(number)).unwrap());
        }
    });
}

/// Reads the mask in a process's status: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[test]
fn the_mask_is_read() {
    let status = "Name:\tit\nSigIgn:\t0000000000001001\nSigCgt:\tffff\n";
    assert!(is_ignored(status, 1) && is_ignored(status, 13) && !is_ignored(status, 15) && !is_ignored("", 1));
}
