//! One fault at one step: the built program in a calling shell, and everything that is promised of its end.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sandbox::Sandbox;

use super::cells::Dash;
use super::expected::{End, Kind, expected};
use super::rows::{Row, What};
use super::setting::Setting;
use super::steps::{Exchange, Step};
use crate::support::shells::Shell;
use crate::support::{Output, Program};

/// What a loaded machine may add to any run.
const GRACE: Duration = Duration::from_secs(10);

/// Where the result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The calling shell, which evaluates it.
    Shell,
    /// A file that is there already.
    File,
    /// A profile, in a credentials file that is there already.
    Profile,
}

pub(super) struct Cell<'r> {
    pub(super) row: &'r Row,
    pub(super) step: Step,
    pub(super) way: Way,
    /// What the short times are multiplied with.
    pub(super) patience: u32,
}

impl Cell<'_> {
    /// Runs it, and checks all but its end, which it returns.
    pub(super) fn run(&self, shell: &Shell) -> Result<End, Dash> {
        let setting = Setting::of(self.row, self.step)?;
        let program = self.program(&setting, shell);
        let (out, credentials) =
            (program.scratch().path().join("out"), program.scratch().home().join(".aws/credentials"));
        fs::create_dir(&out).unwrap();
        program.scratch().write("out/kept", KEPT);
        program.scratch().write("home/.aws/credentials", KEPT);
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
        let end = self.observed(&output, &setting.sandbox);
        let at_once = matches!(end, End::AtOnce | End::Refused);
        let bound = if at_once { Duration::from_secs(5) } else { self.timeout() } + GRACE;
        assert!(output.took < bound, "took {:?}", output.took);
        self.check_words(&output, end);
        self.check_caller(&output, end);
        self.check_requests(end, &setting);
        if end.code() == 0 {
            return Ok(end);
        }
        assert_eq!(fs::read_to_string(out.join("kept")).unwrap(), KEPT, "the old file stays");
        assert_eq!(fs::read_to_string(credentials).unwrap(), KEPT, "the old profiles stay");
        let left: Vec<PathBuf> = output.scratch.files().into_iter().filter(|file| !before.contains(file)).collect();
        let said = output.scratch.path().join("said");
        assert!(left.iter().all(|file| *file == said), "left behind: {left:?}");
        Ok(end)
    }

    fn expected(&self) -> End {
        expected(self.step, self.row.kind, self.row.times)
    }

    /// Short where it will pass, long where it must not.
    fn timeout(&self) -> Duration {
        match (&self.row.what, self.expected()) {
            (What::Named(_), End::TimedOut) => Duration::from_secs(6) * self.patience,
            (_, End::TimedOut) => Duration::from_secs(4) * self.patience,
            _ => Duration::from_secs(40),
        }
    }

    fn program<'s>(&self, setting: &'s Setting, shell: &Shell) -> Program<'s> {
        let own_host = !matches!(self.row.what, What::Meets(_) | What::Signal(_));
        let mut command = format!("{} --timeout {}s", self.step.command(own_host), self.timeout().as_secs());
        command.push_str(&setting.options);
        if setting.ca.is_some() {
            command.push_str(" --ca-file ca.pem");
        }
        let variable = self.step.variable();
        let script = match (self.way, self.step.exchange()) {
            (Way::Shell, Exchange::Verify) => format!("umask 077; set -e; {command} >said; echo reached"),
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
        // What a library could be told to log.
        let logs = ["RUST_LOG", "AWS_LOG", "VAULT_LOG_LEVEL"];
        let program = logs.iter().fold(program, |program, name| program.env(name, "trace"));
        let mut program = program.job(&setting.sandbox);
        for (name, value) in &setting.variables {
            program = if name == "SEMAPHORE_OIDC_TOKEN" { program.token(value) } else { program.env(name, value) };
        }
        if let Some(ca) = &setting.ca {
            program.scratch().write("ca.pem", ca);
        }
        program
    }

    /// The end, from the outside: the exit code, what the server was asked, what was said.
    fn observed(&self, output: &Output, sandbox: &Sandbox) -> End {
        let (requests, said) = (self.step.requests(sandbox), output.stderr());
        let again = said.contains("; trying again for up to ") || said.contains(" attempts in ");
        match output.code {
            Some(0) if said.contains("was not revoked") => End::Warned,
            Some(0) if again => End::Retried,
            Some(0) if requests == 1 => End::Done,
            Some(4) if !again => End::Refused,
            Some(5) if again || said.contains("nothing, until --timeout") => End::TimedOut,
            Some(5) => End::AtOnce,
            _ => panic!("{} requests\n{}", requests, output.describe()),
        }
    }

    fn check_words(&self, output: &Output, end: End) {
        let report = fs::read_to_string(output.scratch.path().join("said")).unwrap_or_default();
        // What is bad about a token is what `token --verify` reports.
        let said = if self.step.exchange() == Exchange::Verify { report + &output.stderr() } else { output.stderr() };
        let silence = self.row.kind == Kind::Silence && end == End::TimedOut;
        let says = if silence { "nothing, until --timeout" } else { self.row.says };
        assert!(end == End::Done || said.contains(says), "does not say {says:?}\n{}", output.describe());
        let names_step = match end {
            End::Warned | End::TimedOut | End::AtOnce | End::Refused => !matches!(self.row.what, What::Signal(_)),
            End::Done | End::Retried => false,
        };
        let named = self.step.named();
        assert!(!names_step || said.contains(named), "does not name {named:?}\n{}", output.describe());
        assert!(end != End::Done || output.stderr().is_empty(), "{}", output.describe());
    }

    /// What the calling shell did, and what it was given.
    fn check_caller(&self, output: &Output, end: End) {
        let code = end.code();
        let shell = self.way == Way::Shell && self.step.exchange() != Exchange::Verify;
        let first = if shell { format!("exit {code}\n") } else { String::new() };
        let reached = if code == 0 { "reached\n" } else { "" };
        output.exits(code.into()).stdout_is(&format!("{first}{reached}"));
        if shell && code != 0 {
            let said = fs::read_to_string(output.scratch.path().join("said")).unwrap();
            assert!(said == self.step.exchange().stopped(code), "standard output was not the stop alone");
        }
    }

    fn check_requests(&self, end: End, setting: &Setting) {
        let requests = self.step.requests(&setting.sandbox);
        let reached = matches!(self.row.what, What::Meets(_) | What::Signal(_));
        let again = self.row.kind != Kind::Silence;
        let fits = match end {
            End::Retried if reached => requests == 2,
            // The first attempts did not get there.
            End::Retried => requests == 1,
            // Where an attempt is longer than the time, there is one.
            End::TimedOut if reached && again => requests >= 2,
            // An interrupted run ends its token in haste, which is this step once more.
            End::AtOnce if self.step == Step::Revocation => requests == 2,
            End::Warned if self.step == Step::Revocation => requests >= 1,
            End::Done | End::Warned | End::TimedOut | End::AtOnce | End::Refused => requests == usize::from(reached),
        };
        assert!(fits, "{end}: {requests} requests");
        assert_eq!(setting.elsewhere.seen(), [""; 0], "nobody else hears anything");
        let vault = &setting.sandbox.vault;
        let alive = vault.issued().iter().filter(|token| vault.is_good(token)).count();
        // The login's answer may be what was lost, and the revocation what fails.
        let may_live = matches!(self.step, Step::Login | Step::Revocation);
        assert!(may_live || alive == 0, "{alive} client tokens are alive");
    }
}

const KEPT: &str = "[other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
