//! `strace`, which stops a program at a system call, kills it there or sends it a signal.

use std::process::Command;

/// Whether it is installed, and the machine allows tracing.
pub(crate) fn is_usable() -> bool {
    let able = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    let able = able.is_ok_and(|status| status.success());
    if !able {
        eprintln!("skipped: strace is not installed, or may not be used");
    }
    able
}
