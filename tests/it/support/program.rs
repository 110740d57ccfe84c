//! A command line in a scrubbed environment.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use oidc_exchange::clouds;
use sandbox::{Job, Sandbox};

use super::output::{Filters, Output};
use super::running::{BOUND, Running};
use super::scratch::Scratch;
use super::secrets::Secrets;
use super::terminal;

/// A command line in the making.
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
    /// A command that shows or removes something, and never hands a secret over.
    pub(super) reports: bool,
    pub(super) bound: Duration,
}

/// The program that is being tested.
pub(crate) fn oidc_exchange<'s, A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Program<'s> {
    let mut program = Program::new(env!("CARGO_BIN_EXE_oidc-exchange"), arguments);
    let command = program.arguments.iter().find(|word| !word.to_string_lossy().starts_with('-'));
    program.reports =
        command.is_some_and(|word| word != "use" && !clouds::ALL.iter().any(|about| word == about.command));
    program
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

    /// With this as its standard output, which the test looks at itself.
    pub(crate) fn stdout_to(mut self, stream: impl Into<OwnedFd>) -> Self {
        self.stdout = Some(stream.into());
        self
    }

    /// With this as its standard error, the same.
    pub(crate) fn stderr_to(mut self, stream: impl Into<OwnedFd>) -> Self {
        self.stderr = Some(stream.into());
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
            .word(&format!("127.0.0.1:{}", sandbox.ecr.port()), "ECR")
            .word(&format!("127.0.0.1:{}", sandbox.google.sts.port()), "GOOGLE-STS")
            .word(&format!("127.0.0.1:{}", sandbox.google.iam.port()), "GOOGLE-IAM")
            .word(&format!("127.0.0.1:{}", sandbox.azure.port()), "ENTRA")
            .word(&format!("127.0.0.1:{}", sandbox.acr.port()), "ACR")
            .word(&format!("127.0.0.1:{}", sandbox.vault.port()), "VAULT")
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
        self.filters.add(text, word);
        self
    }

    /// Secrets on standard output and in private files are what this run is for, however it ends.
    pub(crate) fn hands_over(mut self) -> Self {
        self.hands_over = true;
        self
    }

    /// It may take that long: what it is to outlive does.
    pub(crate) fn patient(mut self, bound: Duration) -> Self {
        self.bound = bound;
        self
    }

    /// The program and its arguments, for a run of another kind.
    pub(crate) fn command_line(self) -> (PathBuf, Vec<OsString>) {
        (self.path, self.arguments)
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
            .stdout(self.stdout.take().map_or_else(Stdio::piped, Stdio::from))
            .stderr(self.stderr.take().map_or_else(Stdio::piped, Stdio::from))
            // A group of its own: at the bound all of it goes.
            .process_group(0);
        let before = self.scratch.files();
        super::dispositions::heed();
        // Before it is there: what it waits for is then never longer than the time that was measured.
        let started = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        Running::watch(child, started, self.input.take(), before, self)
    }
}
