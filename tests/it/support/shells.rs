//! The shells that are tested.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

use super::program::Program;

/// An installed shell.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    /// Arguments before its own options: `busybox sh`.
    first: &'static [&'static str],
}

const POSIX: [(&str, &str, &[&str]); 8] = [
    ("bash", "bash", &[]),
    ("dash", "dash", &[]),
    ("zsh", "zsh", &[]),
    ("mksh", "mksh", &[]),
    ("busybox", "busybox", &["sh"]),
    ("ksh93", "ksh93", &[]),
    ("yash", "yash", &[]),
    ("posh", "posh", &[]),
];

/// The shells for POSIX text. A missing one is skipped with a message on a laptop, and an error in CI.
pub(crate) fn posix() -> Vec<Shell> {
    let shells: Vec<Shell> = POSIX.iter().filter_map(|(name, program, first)| find(name, program, first)).collect();
    assert!(!shells.is_empty(), "not one shell is here");
    shells
}

/// One shell, with the same rule.
pub(crate) fn find(name: &'static str, program: &str, first: &'static [&'static str]) -> Option<Shell> {
    required(name, on_path(program)).map(|path| Shell { name, path, first })
}

/// Any program, with the same rule.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    required(name, on_path(name))
}

/// The same rule for a program that may not be on PATH.
pub(crate) fn required(name: &str, found: Option<PathBuf>) -> Option<PathBuf> {
    match found {
        Some(path) => Some(path),
        None if env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{name} is not here, and CI needs it"),
        None => {
            eprintln!("skipped: {name} is not here");
            None
        }
    }
}

/// The path of a program, on the PATH of the tests.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file())
}

impl Shell {
    /// The shell with these arguments.
    pub(crate) fn with<'s, A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Program<'s> {
        let program = Program::new(&self.path, self.first.iter().copied()).args(arguments);
        // It reads only text in its locale's encoding.
        if self.name == "yash" { program.env("LC_ALL", "C.UTF-8") } else { program }
    }

    /// `sh -c SCRIPT`.
    pub(crate) fn runs<'s>(&self, script: &str) -> Program<'s> {
        self.with(["-c", script])
    }
}
