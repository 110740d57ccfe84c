//! A command that is waited for, because something must be undone after it.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io::IsTerminal;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::SignalKind;

use super::Run;
use crate::core_file;
use crate::signal::Signals;

impl Run {
    /// Runs `command`, which is this one's, `meanwhile` beside it, and returns its exit code once it has ended: 128 and the
    /// signal's number where a signal ended it, 126 or 127 where it could not be run
    /// (POSIX.1-2024, Shell Command Language, section 2.8.2). `signals` are passed on to it.
    pub async fn supervise(&self, command: Command, meanwhile: impl Future<Output = ()>, signals: &mut Signals) -> u8 {
        core_file::allow();
        let spawned = tokio::process::Command::from(command).spawn();
        core_file::forbid();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => return self.cannot_run(&error),
        };
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        tokio::select! {
            status = child.wait() => match status {
                Ok(status) => code(status),
                Err(error) => self.cannot_run(&error),
            },
            never = pass_on(signals, pid) => match never {},
            never = beside(meanwhile) => match never {},
        }
    }
}

async fn pass_on(signals: &mut Signals, to: Option<Pid>) -> Infallible {
    let pass = |kind: SignalKind| {
        if let (Some(pid), Some(signal)) = (to, Signal::from_named_raw(kind.as_raw_value())) {
            // It may have ended this very moment; its status says so.
            let _ = kill_process(pid, signal);
        }
    };
    // One from the terminal may have come when the command was not yet there.
    while let Some((kind, _)) = signals.arrived().await {
        pass(kind);
    }
    let on_terminal = std::io::stdin().is_terminal();
    loop {
        let (kind, _) = signals.next().await;
        if !(on_terminal && OF_A_TERMINAL.contains(&kind)) {
            pass(kind);
        }
    }
}

/// From a terminal, these reach the whole foreground group, the command among it: passing them on would deliver them twice.
const OF_A_TERMINAL: [SignalKind; 2] = [SignalKind::interrupt(), SignalKind::quit()];

async fn beside(meanwhile: impl Future<Output = ()>) -> Infallible {
    meanwhile.await;
    pending().await
}

fn code(status: ExitStatus) -> u8 {
    const KILLED: i32 = 128;
    let code = status.code().or_else(|| status.signal().map(|signal| KILLED + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
