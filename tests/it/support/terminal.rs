//! Runs a program on a terminal: Python's pseudo-terminal.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const SCRIPT: &str = include_str!("terminal.py");

/// `program` on a terminal; standard input is typed.
pub(super) fn command(program: &Path, arguments: &[OsString]) -> Command {
    let mut command = Command::new(python());
    command.args(["-I", "-c", SCRIPT]).arg(program).args(arguments);
    command
}

/// Python itself: the one on PATH may be a script that needs the user's environment.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let output = asked.unwrap_or_else(|error| panic!("the tests need Python 3: {error}"));
        assert!(output.status.success(), "python3: {}", String::from_utf8_lossy(&output.stderr));
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}
