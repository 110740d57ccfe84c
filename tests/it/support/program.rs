//! A program that is run in a scrubbed environment, bounded in time, and searched for leaks.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use sandbox::{Job, Sandbox};

use super::output::{Output, Words};
use super::scratch::Scratch;
use super::secrets::Secrets;
use super::terminal;

/// Nothing here takes a tenth of it; a run that does hangs.
const BOUND: Duration = Duration::from_mins(1);

/// A command line in the making.
#[must_use]
pub(crate) struct Program<'s> {
    path: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(String, OsString)>,
    input: Option<Vec<u8>>,
    on_terminal: bool,
    scratch: Scratch,
    sandbox: Option<&'s Sandbox>,
    secrets: Secrets,
    words: Words,
    hands_over: bool,
}

/// The program that is being tested.
pub(crate) fn oidc_exchange<'s, A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Program<'s> {
    Program::new(env!("CARGO_BIN_EXE_oidc-exchange"), arguments)
}

impl<'s> Program<'s> {
    /// Any program, for which the program that is being tested is on PATH.
    pub(crate) fn new<A: AsRef<OsStr>>(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            path: program.into(),
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            variables: Vec::new(),
            input: None,
            on_terminal: false,
            scratch: Scratch::new(),
            sandbox: None,
            secrets: Secrets::default(),
            words: Words::default(),
            hands_over: false,
        }
    }

    /// In this directory rather than a new one, with what earlier runs left there.
    pub(crate) fn within(mut self, scratch: Scratch) -> Self {
        self.scratch = scratch;
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets a variable, beside the few that every run has: `PATH`, `HOME`, `TMPDIR`.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn envs<V: AsRef<OsStr>>(self, variables: impl IntoIterator<Item = (String, V)>) -> Self {
        variables.into_iter().fold(self, |program, (name, value)| program.env(&name, value))
    }

    /// Sets a variable where the test has not set it.
    pub(crate) fn env_default(self, name: &str, value: &str) -> Self {
        let known = self.variables.iter().any(|(known, _)| known == name);
        if known { self } else { self.env(name, value) }
    }

    /// Removes a variable that an earlier call has set.
    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Standard input; otherwise it is empty.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// On a terminal: standard input is typed, and what is shown comes back as standard output.
    pub(crate) fn on_a_terminal(mut self) -> Self {
        self.on_terminal = true;
        self
    }

    /// In a job on branch `main`.
    pub(crate) fn job(self, sandbox: &'s Sandbox) -> Self {
        self.job_of(sandbox, &Job::branch("main"))
    }

    /// In this job.
    pub(crate) fn job_of(self, sandbox: &'s Sandbox, job: &Job) -> Self {
        let mut program = self.envs(sandbox.env_for(job)).beside(sandbox);
        if let Some((_, token)) = program.variables.iter().find(|(name, _)| name == "SEMAPHORE_OIDC_TOKEN") {
            program.secrets.plant("the subject token", &token.to_string_lossy());
        }
        program
    }

    /// What this sandbox issues is searched for, and its addresses are called `ISSUER` and `STS`.
    pub(crate) fn beside(mut self, sandbox: &'s Sandbox) -> Self {
        self.sandbox = Some(sandbox);
        self.word(&format!("127.0.0.1:{}", sandbox.issuer.port()), "ISSUER")
            .word(&format!("127.0.0.1:{}", sandbox.aws.port()), "STS")
    }

    /// With this subject token in place of the job's.
    pub(crate) fn token(self, token: &str) -> Self {
        self.secret("the subject token", token).env("SEMAPHORE_OIDC_TOKEN", token)
    }

    /// Something else that must not be seen.
    pub(crate) fn secret(mut self, of: &'static str, text: &str) -> Self {
        self.secrets.plant(of, text);
        self
    }

    /// In the output, `text` is called `word`: what differs from run to run has a name.
    pub(crate) fn word(mut self, text: &str, word: &str) -> Self {
        self.words.add(text, word);
        self
    }

    /// Secrets on standard output and in private files are what this run is for, however it ends.
    pub(crate) fn hands_over(mut self) -> Self {
        self.hands_over = true;
        self
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Runs it to its end, which is for the test to look at.
    #[must_use]
    #[track_caller]
    pub(crate) fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Starts it.
    #[track_caller]
    pub(crate) fn spawn(mut self) -> Running<'s> {
        let mut command = if self.on_terminal {
            terminal::command(&self.path, &self.arguments)
        } else {
            let mut command = Command::new(&self.path);
            command.args(&self.arguments);
            command
        };
        command
            .env_clear()
            .env("PATH", self.scratch.search_path())
            .env("HOME", self.scratch.home())
            .env("TMPDIR", self.scratch.tmp())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.scratch.path())
            .stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: at the bound all of it goes.
            .process_group(0);
        let before = self.scratch.files();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        if let (Some(input), Some(mut pipe)) = (self.input.take(), child.stdin.take()) {
            // It may end without reading all of it.
            drop(std::thread::spawn(move || drop(pipe.write_all(&input))));
        }
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        Running { stdout, stderr, child: Group(child), started: Instant::now(), before, program: self }
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).unwrap();
        }
        bytes
    })
}

/// A program under way.
pub(crate) struct Running<'s> {
    child: Group,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    started: Instant,
    before: Vec<PathBuf>,
    program: Program<'s>,
}

impl Running<'_> {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child.0), signal).unwrap();
    }

    /// Sends a signal to what it has started under this name.
    #[track_caller]
    pub(crate) fn signal_to(&self, name: &str, signal: Signal) {
        let pids = self.named(name);
        assert_eq!(pids.len(), 1, "one {name} is running");
        kill_process(Pid::from_raw(pids[0].cast_signed()).unwrap(), signal).unwrap();
    }

    /// Waits until a program of this name runs: itself or what it has started.
    #[track_caller]
    pub(crate) fn await_name(&self, name: &str) {
        while self.named(name).is_empty() {
            assert!(self.started.elapsed() < BOUND, "no {name} is running");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn named(&self, name: &str) -> Vec<u32> {
        let named =
            |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name);
        self.group().into_iter().filter(named).collect()
    }

    /// Its process, and all that it has started.
    fn group(&self) -> Vec<u32> {
        let group = self.child.0.id().to_string();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let ours = pids.filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // "pid (name) state parent group": a name may hold blanks and brackets.
            let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            after_name.split(' ').nth(2) == Some(group.as_str())
        });
        ours.collect()
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.program.scratch
    }

    /// The command lines of it and of all that it has started, which anybody on the machine can read.
    #[track_caller]
    pub(crate) fn command_lines(&self) -> Vec<u8> {
        let read = |pid: u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let lines: Vec<u8> = self.group().into_iter().flat_map(read).collect();
        assert!(!lines.is_empty(), "no such process");
        self.program.secrets.search("a command line", &lines).unwrap_or_else(|leak| panic!("{leak}"));
        lines
    }

    /// Waits for its end, and searches what it has left for secrets.
    #[must_use]
    #[track_caller]
    pub(crate) fn wait(self) -> Output {
        let Self { mut child, stdout, stderr, started, before, program } = self;
        let ended = wait(&mut child.0, started + BOUND);
        let timed_out = ended.is_none();
        if timed_out {
            child.kill();
        }
        let status = ended.unwrap_or_else(|| child.0.wait().unwrap());
        // A descendant that keeps a pipe open would keep this waiting.
        while !(stdout.is_finished() && stderr.is_finished()) {
            if started.elapsed() > BOUND + Duration::from_secs(5) {
                child.kill();
                panic!("{}: something that it has started keeps its output open", program.path.display());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut secrets = program.secrets;
        if let Some(sandbox) = program.sandbox {
            secrets.plant_issued(sandbox);
        }
        let mut words = program.words;
        words.add(&program.scratch.path().to_string_lossy(), "SCRATCH");
        let output = Output {
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            code: status.code(),
            signal: status.signal(),
            took: started.elapsed(),
            scratch: program.scratch,
            words,
            secrets,
        };
        assert!(!timed_out, "did not end within {} s\n{}", BOUND.as_secs(), output.describe());
        output.search(program.hands_over, &before);
        output
    }
}

fn wait(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() >= until {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// A process and what it has started; it does not outlive a test that has failed.
struct Group(Child);

impl Group {
    fn kill(&self) {
        // It may be gone already.
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
