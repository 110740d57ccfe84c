//! Runs a command and waits for it, because something must be undone afterwards.

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
    /// Runs `command` and polls `meanwhile`. Returns the exit code of the command: 128 plus the signal's number if a
    /// signal ended it, 126 or 127 if it could not be run (POSIX.1-2024, Shell Command Language, section 2.8.2).
    /// `signals` are forwarded to it.
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
            // If it has just ended, its status shows that.
            let _ = kill_process(pid, signal);
        }
    };
    // A signal from the terminal may have arrived before the command started.
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

/// The terminal sends these signals to the whole foreground group, which contains the command. Forwarding them would
/// deliver them twice.
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
