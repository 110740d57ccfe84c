//! Many short runs of shells that read the program's output from a file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::support::shells::{self, Shell};

/// A shell with options that affect expansion.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    shell: Shell,
    options: &'static [&'static str],
}

impl Variant {
    /// Whether it is a plain shell, without options that change its behaviour.
    pub(super) fn is_a_shell(&self) -> bool {
        matches!(self.options, [] | ["-f"])
    }
}

/// Every shell, bash with each option that affects patterns, and the other shells that bash and zsh can imitate.
pub(super) fn variants() -> Vec<Variant> {
    const MORE: [(&str, &[&str]); 7] = [
        ("bash", &["-O", "failglob"]),
        ("bash", &["-O", "nullglob"]),
        ("bash", &["-O", "extglob", "-O", "failglob"]),
        ("bash", &["-O", "dotglob", "-O", "nullglob", "-O", "extglob"]),
        ("bash", &["--posix"]),
        ("zsh", &["--emulate", "sh", "-f"]),
        ("zsh", &["--emulate", "ksh", "-f"]),
    ];
    let mut variants = Vec::new();
    for shell in shells::posix() {
        let own = if shell.name == "zsh" { &["-f"][..] } else { &[] };
        let more = MORE.iter().filter(|(name, _)| *name == shell.name).map(|(_, options)| *options);
        variants.extend([own].into_iter().chain(more).map(|options| Variant {
            name: shell.name,
            shell: shell.clone(),
            options,
        }));
    }
    variants
}

/// A working directory, next to the program's output.
pub(super) struct Place(TempDir);

impl Place {
    pub(super) fn new(texts: &[(&str, String)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("cwd")).unwrap();
        for (name, text) in texts {
            fs::write(place.path().join(name), text).unwrap();
        }
        Self(place)
    }

    pub(super) fn cwd(&self) -> PathBuf {
        self.0.path().join("cwd")
    }
}

pub(super) fn executable(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// One run.
#[derive(Debug)]
pub(super) struct Cell<'v> {
    pub(super) variant: &'v Variant,
    pub(super) options: &'static [&'static str],
    pub(super) script: String,
}

/// How it ended.
#[derive(Debug)]
pub(super) struct End {
    /// None if a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl End {
    pub(super) fn failed(&self) -> bool {
        self.code != Some(0)
    }
}

impl Cell<'_> {
    pub(super) fn run(&self, place: &Place) -> End {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let program = self.variant.shell.with(self.variant.options).args(self.options);
        let (path, mut arguments) = program.command_line();
        if self.options == ["-c"] {
            arguments.push(self.script.clone().into());
        } else {
            let script = place.0.path().join(format!("script{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
            fs::write(&script, &self.script).unwrap();
            arguments.push(script.into());
        }
        let mut command = Command::new(path);
        command.args(arguments).env_clear().envs([("PATH", "/usr/bin:/bin:."), ("LC_ALL", "C.UTF-8")]);
        command.current_dir(place.cwd()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A separate process group, because a changed text may send signals.
        let child = command.process_group(0).spawn().unwrap();
        let group = Pid::from_child(&child);
        let (done, ended) = std::sync::mpsc::channel();
        let watch = std::thread::spawn(move || {
            if ended.recv_timeout(Duration::from_mins(1)).is_err() {
                let _ = kill_process_group(group, Signal::KILL);
            }
        });
        let began = Instant::now();
        let output = child.wait_with_output().unwrap();
        let _ = done.send(());
        watch.join().unwrap();
        assert!(began.elapsed() < Duration::from_mins(1), "it did not end: {self:?}");
        End {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs `check` for each, several in parallel.
pub(super) fn in_parallel<T: Sync>(all: &[T], check: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(one);
                }
            });
        }
    });
}
