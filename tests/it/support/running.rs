//! A running program with a timeout; its output is searched for secrets at its end.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::output::Output;
use super::program::Program;
use super::scratch::Scratch;

/// Nearly every run takes less than a tenth of it; a longer one hangs.
pub(super) const BOUND: Duration = Duration::from_mins(1);

/// A running program.
pub(crate) struct Running<'s> {
    child: Group,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    /// Its sender is gone when both are at their end.
    at_end: Receiver<Infallible>,
    started: Instant,
    before: Vec<PathBuf>,
    program: Program<'s>,
}

impl<'s> Running<'s> {
    /// Writes its input and reads its output from now on. `started` is the time of its start.
    pub(super) fn watch(
        mut child: Child,
        started: Instant,
        input: Option<Vec<u8>>,
        before: Vec<PathBuf>,
        program: Program<'s>,
    ) -> Self {
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            // It may end before it has read everything.
            drop(std::thread::spawn(move || drop(pipe.write_all(&input))));
        }
        let (open, at_end) = mpsc::channel();
        let stdout = collect(child.stdout.take(), open.clone());
        let stderr = collect(child.stderr.take(), open);
        Self { stdout, stderr, at_end, child: Group(child), started, before, program }
    }

    /// Waits until it, or a child process, has created this file.
    #[track_caller]
    pub(crate) fn await_file(&self, name: &str) {
        self.until(|| self.program.scratch.path().join(name).exists(), &format!("no {name} was made"));
    }

    /// Waits until the file has this text, or the run has ended. Returns whether the file has it.
    #[track_caller]
    pub(crate) fn await_text_or_end(&self, name: &str, text: &str) -> bool {
        let path = self.program.scratch.path().join(name);
        let has = || std::fs::read_to_string(&path).is_ok_and(|found| found.contains(text));
        // Standard error is closed by the end of the last process that has it.
        self.until(|| has() || self.stderr.is_finished(), &format!("{name} has no {text:?}"));
        has()
    }

    /// Writes to a named pipe when somebody reads it.
    #[track_caller]
    pub(crate) fn feed(&self, pipe: &str, text: &str) {
        self.await_file(pipe);
        let (path, text) = (self.program.scratch.path().join(pipe), text.to_owned());
        // Opening waits for the reader. If there is none, the run's timeout ends the test.
        drop(std::thread::spawn(move || std::fs::write(path, text)));
    }

    /// Waits until it has a handler for this signal. A signal that arrives while it installs its handlers is not
    /// lost.
    #[track_caller]
    pub(crate) fn await_handler(&self, signal: Signal) {
        self.await_handler_of(signal.as_raw());
    }

    /// Waits until it has a handler for the signal with this number.
    #[track_caller]
    pub(crate) fn await_handler_of(&self, number: i32) {
        let handles = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.0.id())).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
            u64::from_str_radix(caught.trim(), 16).is_ok_and(|caught| caught & (1 << (number - 1)) != 0)
        };
        self.until(handles, "the signal is not handled");
    }

    #[track_caller]
    fn until(&self, condition: impl Fn() -> bool, otherwise: &str) {
        while !condition() {
            assert!(self.started.elapsed() < BOUND, "{otherwise}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child.0), signal).unwrap();
    }

    /// Sends a signal to the child process with this name.
    #[track_caller]
    pub(crate) fn signal_to(&self, name: &str, signal: Signal) {
        let pids = self.named(name);
        assert_eq!(pids.len(), 1, "one {name} is running");
        kill_process(Pid::from_raw(pids[0].cast_signed()).unwrap(), signal).unwrap();
    }

    /// Waits until a program with this name runs: itself or a child process.
    #[track_caller]
    pub(crate) fn await_name(&self, name: &str) {
        self.until(|| !self.named(name).is_empty(), &format!("no {name} is running"));
    }

    fn named(&self, name: &str) -> Vec<u32> {
        let named =
            |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name);
        self.group().into_iter().filter(named).collect()
    }

    /// Its process, and all child processes.
    fn group(&self) -> Vec<u32> {
        let group = self.child.0.id().to_string();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let ours = pids.filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // "pid (name) state parent group": a name may contain spaces and parentheses.
            let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            after_name.split(' ').nth(2) == Some(group.as_str())
        });
        ours.collect()
    }

    /// The directory that it runs in.
    pub(crate) fn scratch(&self) -> &Scratch {
        &self.program.scratch
    }

    /// The command lines of it and of all child processes, which every user can read.
    #[track_caller]
    pub(crate) fn command_lines(&self) -> Vec<u8> {
        let read = |pid: u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let lines: Vec<u8> = self.group().into_iter().flat_map(read).collect();
        assert!(!lines.is_empty(), "no such process");
        self.program.secrets.search("a command line", &lines).unwrap_or_else(|leak| panic!("{leak}"));
        lines
    }

    /// Waits for its end, and searches its output and files for secrets.
    #[must_use]
    #[track_caller]
    pub(crate) fn wait(self) -> Output {
        let Self { mut child, stdout, stderr, at_end, started, before, program } = self;
        let bound = program.bound;
        let mut command_lines = BTreeSet::new();
        let ended = wait(&mut child.0, &at_end, started + bound, &mut command_lines);
        let timed_out = ended.is_none();
        if timed_out {
            child.kill();
        }
        let status = ended.unwrap_or_else(|| child.0.wait().unwrap());
        // A descendant that keeps a pipe open would block this.
        if is_open(&at_end, started + bound + Duration::from_secs(5)) {
            child.kill();
            panic!("{}: something that it has started keeps its output open", program.path.display());
        }
        let mut secrets = program.secrets;
        if let Some(sandbox) = program.sandbox {
            secrets.plant_issued(sandbox);
        }
        let mut filters = program.filters;
        filters.add(&program.scratch.path().to_string_lossy(), "SCRATCH");
        let output = Output {
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            code: status.code(),
            signal: status.signal(),
            took: started.elapsed(),
            scratch: program.scratch,
            filters,
            secrets,
        };
        assert!(!timed_out, "did not end within {} s\n{}", bound.as_secs(), output.describe());
        // Secrets that the test itself has put on a command line are allowed.
        if output.secrets.search("", &program.arguments.join(OsStr::new(" ")).into_vec()).is_ok() {
            let lines: Vec<u8> = command_lines.into_iter().flatten().collect();
            output.secrets.search("a command line", &lines).unwrap_or_else(|leak| panic!("{leak}"));
        }
        output.search(program.hands_over, program.reports, &before);
        if program.path.as_os_str() == env!("CARGO_BIN_EXE_oidc-exchange") {
            let found = super::debug_text::find(&output.stderr());
            assert!(found.is_none(), "debug text, {found:?}\n{}", output.describe());
        }
        output
    }
}

/// Waits until the output is at its end and the process has ended. Reads the command lines from time to time.
fn wait(
    child: &mut Child,
    at_end: &Receiver<Infallible>,
    until: Instant,
    command_lines: &mut BTreeSet<Vec<u8>>,
) -> Option<ExitStatus> {
    add_command_lines(child.id(), command_lines);
    let mut pause = Duration::from_micros(200);
    while is_open(at_end, until.min(Instant::now() + pause)) && Instant::now() < until {
        add_command_lines(child.id(), command_lines);
        pause *= 2;
    }
    // It is alive for a moment after its output, or for longer if it has closed the output.
    let mut pause = Duration::from_micros(50);
    loop {
        let status = child.try_wait().unwrap();
        if status.is_some() || Instant::now() >= until {
            return status;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// Whether the output is still open at this time. Returns earlier if it is closed.
fn is_open(at_end: &Receiver<Infallible>, until: Instant) -> bool {
    at_end.recv_timeout(until.saturating_duration_since(Instant::now())) == Err(RecvTimeoutError::Timeout)
}

/// The command lines of a process and its child processes.
fn add_command_lines(pid: u32, lines: &mut BTreeSet<Vec<u8>>) {
    lines.insert(std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default());
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
        add_command_lines(child, lines);
    }
}

/// A process group. It is killed on drop, also if the test fails.
struct Group(Child);

impl Group {
    fn kill(&self) {
        // It may have ended already.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.kill();
            let _ = self.0.wait();
        }
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>, open: Sender<Infallible>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let _open = open;
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).unwrap();
        }
        bytes
    })
}
