//! A command line with a clean environment.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use oidc_exchange::clouds;
use sandbox::{Job, Sandbox};

use super::lookup;
use super::output::{Filters, Output};
use super::running::{BOUND, Running};
use super::scratch::Scratch;
use super::secrets::Secrets;
use super::terminal;

/// A command line to run.
#[must_use]
pub(crate) struct Program<'s> {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<OsString>,
    variables: Vec<(String, OsString)>,
    input: Option<Vec<u8>>,
    on_terminal: bool,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    pub(super) scratch: Scratch,
    pub(super) sandbox: Option<&'s Sandbox>,
    pub(super) secrets: Secrets,
    pub(super) filters: Filters,
    pub(super) hands_over: bool,
    /// Whether the command only reports or removes something, and never outputs a secret.
    pub(super) reports: bool,
    pub(super) bound: Duration,
}

/// The tested program.
pub(crate) fn oidc_exchange<'s, A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Program<'s> {
    let mut program = Program::new(env!("CARGO_BIN_EXE_oidc-exchange"), arguments);
    let command = program.arguments.iter().find(|word| !word.to_string_lossy().starts_with('-'));
    program.reports =
        command.is_some_and(|word| word != "use" && !clouds::ALL.iter().any(|about| word == about.command));
    program
}

impl<'s> Program<'s> {
    /// Any program, with the tested program on PATH.
    pub(crate) fn new<A: AsRef<OsStr>>(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            path: program.into(),
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            variables: Vec::new(),
            input: None,
            on_terminal: false,
            stdout: None,
            stderr: None,
            scratch: Scratch::new(),
            sandbox: None,
            secrets: Secrets::default(),
            filters: Filters::default(),
            hands_over: false,
            reports: false,
            bound: BOUND,
        }
    }

    /// The same command line for another program.
    pub(crate) fn standing_in(mut self, path: PathBuf) -> Self {
        self.path = path;
        self
    }

    /// The same command line, as the arguments of this Python script.
    pub(crate) fn measured_by(mut self, script: &str) -> Self {
        let path = std::mem::replace(&mut self.path, PathBuf::from("python3"));
        self.arguments.splice(0..0, ["-c".into(), script.into(), path.into_os_string()]);
        self
    }

    /// Runs it in this directory in place of a new one, with the files of earlier runs.
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

    /// Sets a variable, in addition to those of every run: `PATH`, `HOME`, `TMPDIR`.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn envs<V: AsRef<OsStr>>(self, variables: impl IntoIterator<Item = (String, V)>) -> Self {
        variables.into_iter().fold(self, |program, (name, value)| program.env(&name, value))
    }

    /// Sets a variable, unless the test has set it.
    pub(crate) fn env_default(self, name: &str, value: &str) -> Self {
        let known = self.variables.iter().any(|(known, _)| known == name);
        if known { self } else { self.env(name, value) }
    }

    /// Removes a variable that was set before.
    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Sets standard input, which is empty by default.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// Runs it on a terminal: standard input is typed, and standard output is what the terminal shows.
    pub(crate) fn on_a_terminal(mut self) -> Self {
        self.on_terminal = true;
        self
    }

    /// Sets its standard output, which the test reads itself.
    pub(crate) fn stdout_to(mut self, stream: impl Into<OwnedFd>) -> Self {
        self.stdout = Some(stream.into());
        self
    }

    /// Sets its standard error in the same way.
    pub(crate) fn stderr_to(mut self, stream: impl Into<OwnedFd>) -> Self {
        self.stderr = Some(stream.into());
        self
    }

    /// Runs it in a job on branch `main`.
    pub(crate) fn job(self, sandbox: &'s Sandbox) -> Self {
        self.job_of(sandbox, &Job::branch("main"))
    }

    /// Runs it in this job.
    pub(crate) fn job_of(self, sandbox: &'s Sandbox, job: &Job) -> Self {
        let mut program = self.envs(sandbox.env_for(job)).beside(sandbox);
        if let Some((_, token)) = program.variables.iter().find(|(name, _)| name == "SEMAPHORE_OIDC_TOKEN") {
            program.secrets.plant("the subject token", &token.to_string_lossy());
        }
        program
    }

    /// Searches the output for secrets of this sandbox, and replaces its addresses with `ISSUER` and `STS`.
    pub(crate) fn beside(mut self, sandbox: &'s Sandbox) -> Self {
        self.sandbox = Some(sandbox);
        self.word(&format!("127.0.0.1:{}", sandbox.issuer.port()), "ISSUER")
            .word(&format!("127.0.0.1:{}", sandbox.aws.port()), "STS")
            .word(&format!("127.0.0.1:{}", sandbox.ecr.port()), "ECR")
            .word(&format!("127.0.0.1:{}", sandbox.google.sts.port()), "GOOGLE-STS")
            .word(&format!("127.0.0.1:{}", sandbox.google.iam.port()), "GOOGLE-IAM")
            .word(&format!("127.0.0.1:{}", sandbox.azure.port()), "ENTRA")
            .word(&format!("127.0.0.1:{}", sandbox.acr.port()), "ACR")
            .word(&format!("127.0.0.1:{}", sandbox.vault.port()), "VAULT")
    }

    /// Sets the subject token in place of the job's.
    pub(crate) fn token(self, token: &str) -> Self {
        self.secret("the subject token", token).env("SEMAPHORE_OIDC_TOKEN", token)
    }

    /// Adds a secret that must not appear.
    pub(crate) fn secret(mut self, of: &'static str, text: &str) -> Self {
        self.secrets.plant(of, text);
        self
    }

    /// Replaces `text` in the output with `word`, for parts that vary.
    pub(crate) fn word(mut self, text: &str, word: &str) -> Self {
        self.filters.add(text, word);
        self
    }

    /// Allows secrets on standard output and in private files, even after a failure.
    pub(crate) fn hands_over(mut self) -> Self {
        self.hands_over = true;
        self
    }

    /// Sets a longer timeout.
    pub(crate) fn patient(mut self, bound: Duration) -> Self {
        self.bound = bound;
        self
    }

    /// The program and its arguments, for another kind of run.
    pub(crate) fn command_line(self) -> (PathBuf, Vec<OsString>) {
        (self.path, self.arguments)
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Runs it to its end.
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
            let path = self.variables.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
            let path = path.unwrap_or_else(|| self.scratch.search_path().into());
            let mut command = Command::new(lookup::found(&self.path, &path));
            command.arg0(&self.path).args(&self.arguments);
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
            .stdout(self.stdout.take().map_or_else(Stdio::piped, Stdio::from))
            .stderr(self.stderr.take().map_or_else(Stdio::piped, Stdio::from))
            // A separate process group, which is killed at the timeout.
            .process_group(0);
        let before = self.scratch.files();
        super::dispositions::heed();
        // Before the start, so that the measured time is never too short.
        let started = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        Running::watch(child, started, self.input.take(), before, self)
    }
}
