//! One fault at one step: runs the built program in a calling shell, and checks every guarantee.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cells::Dash;
use super::expected::{End, Kind, expected};
use super::rows::{Row, What};
use super::setting::{JOB, Setting};
use super::steps::{Exchange, Step, TARGETS};
use crate::support::shells::Shell;
use crate::support::{Output, Program, Scratch};

/// The additional time for a busy machine.
const GRACE: Duration = Duration::from_secs(10);

/// Where the result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The calling shell, which evaluates it.
    Shell,
    /// An existing file.
    File,
    /// A profile, in an existing credentials file.
    Profile,
}

pub(super) struct Cell<'r> {
    pub(super) row: &'r Row,
    pub(super) step: Step,
    pub(super) way: Way,
    /// The factor of the short times.
    pub(super) patience: u32,
}

impl Cell<'_> {
    /// Runs it, and checks everything except its end, which it returns.
    pub(super) fn run(&self, shell: &Shell) -> Result<End, Dash> {
        let mut setting = Setting::of(self.row, self.step)?;
        let scratch = setting.scratch.take();
        let program = self.program(&setting, scratch, shell);
        let (out, credentials) =
            (program.scratch().path().join("out"), program.scratch().home().join(".aws/credentials"));
        fs::create_dir(&out).unwrap();
        program.scratch().write("out/kept", KEPT);
        program.scratch().write("home/.aws/credentials", KEPT);
        let docker = program.scratch().home().join(".docker/config.json");
        if self.step != Step::Renewal {
            program.scratch().write("home/.docker/config.json", DOCKER);
        }
        let configured = fs::read_to_string(&docker).unwrap();
        let before = program.scratch().files();
        let output = match &self.row.what {
            What::Signal(signal) => {
                let running = program.spawn();
                let end = Instant::now() + Duration::from_secs(30);
                while self.step.requests(&setting.sandbox) == 0 {
                    assert!(Instant::now() < end, "the step was not reached");
                    std::thread::sleep(Duration::from_millis(5));
                }
                running.signal_to("oidc-exchange", *signal);
                running.wait()
            }
            What::Meets(_) | What::Closed | What::Named(_) | What::Certificate(_) => program.run(),
        };
        let end = self.observed(&output, &setting);
        let at_once = matches!(end, End::AtOnce | End::Refused);
        let bound = if at_once { Duration::from_secs(5) } else { self.timeout() } + GRACE;
        assert!(output.took < bound, "took {:?}", output.took);
        self.check_words(&output, end);
        self.check_caller(&output, end);
        self.check_requests(end, &setting);
        let registers = self.step.registers() && end.code() == 0;
        let configured_now = fs::read_to_string(docker).unwrap();
        assert!(configured_now.contains("\"oidc-exchange\"") || !registers, "{configured_now}");
        assert!(configured_now == configured || registers, "docker's configuration is another one: {configured_now}");
        if end.code() == 0 {
            return Ok(end);
        }
        assert_eq!(fs::read_to_string(out.join("kept")).unwrap(), KEPT, "the old file stays");
        assert_eq!(fs::read_to_string(credentials).unwrap(), KEPT, "the old profiles stay");
        let left: Vec<PathBuf> = output.scratch.files().into_iter().filter(|file| !before.contains(file)).collect();
        let said = output.scratch.path().join("said");
        let fits = |file: &PathBuf| *file == said || self.is_remembered(file);
        assert!(left.iter().all(fits), "left behind: {left:?}");
        Ok(end)
    }

    /// Whether it is the kept failure, for the next run of a Kubernetes client.
    fn is_remembered(&self, file: &Path) -> bool {
        let kept = file.extension().is_some_and(|end| end == "failed") || file.ends_with("manifest");
        kept && matches!(self.step, Step::Eks | Step::Gke | Step::Aks)
    }

    fn expected(&self) -> End {
        expected(self.step, self.row.kind, self.row.times)
    }

    /// Short if the run reaches it, long if it must not.
    fn timeout(&self) -> Duration {
        match (&self.row.what, self.expected()) {
            // docker's helper has its own timeout, which no option changes.
            _ if self.step == Step::Renewal => Duration::from_secs(45),
            (What::Named(_), End::TimedOut) => Duration::from_secs(6) * self.patience,
            (_, End::TimedOut) => Duration::from_secs(4) * self.patience,
            _ => Duration::from_secs(40),
        }
    }

    fn program<'s>(&self, setting: &'s Setting, scratch: Option<Scratch>, shell: &Shell) -> Program<'s> {
        let own_host = !matches!(self.row.what, What::Meets(_) | What::Signal(_));
        let mut command = self.step.command(own_host);
        if self.step != Step::Renewal {
            command = format!("{command} --timeout {}s{}", self.timeout().as_secs(), setting.options);
            if setting.ca.is_some() {
                command.push_str(" --ca-file ca.pem");
            }
        }
        let variable = self.step.variable();
        let script = match (self.way, self.step.is_evaluated()) {
            (Way::Shell, false) => format!("umask 077; set -e; {command} >said; echo reached"),
            (Way::Shell, _) => format!(
                "umask 077; export {variable}=stale; trap 'test \"${{{variable}-}}\" != stale || echo stale' EXIT\n\
                 {command} >said; echo \"exit $?\"; eval \"$(cat said)\"\n\
                 test -n \"${variable}\" && echo reached"
            ),
            (Way::File, _) => format!("set -e; {command} -vvv --output out/kept; echo reached"),
            (Way::Profile, _) => format!("set -e; {command} -vvv --profile ci; echo reached"),
        };
        let program = match &setting.machine {
            None => shell.runs(&script),
            Some(machine) => machine.runs(&script),
        };
        let (program, later) = match scratch {
            Some(scratch) => (program.within(scratch), true),
            None => (program, false),
        };
        if self.step.is_of_use() {
            program.scratch().write("oidc-exchange.toml", TARGETS);
        }
        // Variables with which a library could log.
        let logs = ["RUST_LOG", "AWS_LOG", "VAULT_LOG_LEVEL"];
        let program = logs.iter().fold(program, |program, name| program.env(name, "trace"));
        let program = program.job(&setting.sandbox);
        let mut program = if later { program.env("SEMAPHORE_JOB_ID", JOB) } else { program };
        for (name, value) in &setting.variables {
            program = if name == "SEMAPHORE_OIDC_TOKEN" { program.token(value) } else { program.env(name, value) };
        }
        if let Some(ca) = &setting.ca {
            program.scratch().write("ca.pem", ca);
        }
        program
    }

    /// The visible end: the exit code, the server's requests, and the messages.
    fn observed(&self, output: &Output, setting: &Setting) -> End {
        let (requests, said) = (self.step.requests(&setting.sandbox), output.stderr());
        let again = said.contains("; trying again for up to ") || said.contains(" attempts in ");
        let code = match output.code {
            // A helper has one exit code for all failures.
            Some(1) if self.step == Step::Renewal => Some(if said.contains(" refused to ") { 4 } else { 5 }),
            code => code,
        };
        match code {
            Some(0) if said.contains("was not revoked") => End::Warned,
            Some(0) if again => End::Retried,
            Some(0) if requests == 1 => End::Done,
            Some(4) if !again => End::Refused,
            Some(5) if again || self.step.is_silent(&said) => End::TimedOut,
            Some(5) => End::AtOnce,
            _ => panic!("{} requests\n{}", requests, output.describe()),
        }
    }

    fn check_words(&self, output: &Output, end: End) {
        let report = fs::read_to_string(output.scratch.path().join("said")).unwrap_or_default();
        // `token --verify` reports the faults of a token.
        let said = if self.step.exchange() == Exchange::Verify { report + &output.stderr() } else { output.stderr() };
        let silence = self.row.kind == Kind::Silence && end == End::TimedOut;
        let is_said = match (silence, self.step == Step::Renewal) {
            // The timeout allows several attempts.
            (true, true) => said.contains("no answer from "),
            (true, false) => self.step.is_silent(&said),
            (false, _) => said.contains(self.row.says),
        };
        assert!(end == End::Done || is_said, "does not say {:?}\n{}", self.row.says, output.describe());
        let names_step = match end {
            End::Warned | End::TimedOut | End::AtOnce | End::Refused => !matches!(self.row.what, What::Signal(_)),
            End::Done | End::Retried => false,
        };
        let named = self.step.named();
        assert!(!names_step || said.contains(named), "does not name {named:?}\n{}", output.describe());
        assert!(end != End::Done || output.stderr().is_empty(), "{}", output.describe());
    }

    /// The calling shell's actions, and the text that it got.
    fn check_caller(&self, output: &Output, end: End) {
        let code = if self.step == Step::Renewal { end.code().min(1) } else { end.code() };
        let shell = self.way == Way::Shell && self.step.is_evaluated();
        let first = if shell { format!("exit {code}\n") } else { String::new() };
        let reached = if code == 0 { "reached\n" } else { "" };
        output.exits(code.into()).stdout_is(&format!("{first}{reached}"));
        if self.way == Way::Shell && self.step.exchange() != Exchange::Verify && code != 0 {
            let said = fs::read_to_string(output.scratch.path().join("said")).unwrap();
            // podman shows the helper's message.
            let is_line = said.starts_with("oidc-exchange: Amazon ECR ") && said.lines().count() == 1;
            let fits = if self.step == Step::Renewal { is_line } else { said == self.step.stopped(code) };
            assert!(fits, "standard output was not the stop alone");
        }
    }

    fn check_requests(&self, end: End, setting: &Setting) {
        let requests = self.step.requests(&setting.sandbox);
        let reached = matches!(self.row.what, What::Meets(_) | What::Signal(_));
        let again = self.row.kind != Kind::Silence || self.step == Step::Renewal;
        let fits = match end {
            End::Retried if reached => requests == 2,
            // The first attempts did not reach the server.
            End::Retried => requests == 1,
            // If an attempt takes longer than the timeout, there is only one.
            End::TimedOut if reached && again => requests >= 2,
            // An interrupted run revokes its token, which is this step again.
            End::AtOnce if self.step == Step::Revocation => requests == 2,
            End::Warned if self.step == Step::Revocation => requests >= 1,
            End::Done | End::Warned | End::TimedOut | End::AtOnce | End::Refused => requests == usize::from(reached),
        };
        assert!(fits, "{end}: {requests} requests");
        assert_eq!(setting.elsewhere.seen(), [""; 0], "nobody else hears anything");
        let vault = &setting.sandbox.vault;
        let alive = vault.issued().iter().filter(|token| vault.is_good(token)).count();
        // The login's answer may be lost, or the revocation may fail.
        let may_live = matches!(self.step, Step::Login | Step::Revocation);
        assert!(may_live || alive == 0, "{alive} client tokens are alive");
    }
}

const DOCKER: &str = "{\n  \"auths\": {\n    \"ghcr.io\": {}\n  }\n}\n";
const KEPT: &str = "[other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
