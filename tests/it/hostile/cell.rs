//! One attack at one step: runs the built program in a calling shell, and checks every guarantee.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use sandbox::aws::Sts;
use sandbox::{Job, Sandbox, Tls};

use super::expected::{End, Kind};
use super::goaway::GoAway;
use super::rows::{Attack, NO_SECRET, Row, Stage, What};
use super::texts::gives_away;
use crate::faults::cells::Dash;
use crate::faults::setting::{JOB, leading_to_azure, registered};
use crate::faults::steps::{Exchange, Step, TARGETS, furnish};
use crate::support::output::stop;
use crate::support::recorder::Recorder;
use crate::support::scratch::mode;
use crate::support::shells::Shell;
use crate::support::{Output, Program, Scratch};

/// The additional time for a busy machine.
const GRACE: Duration = Duration::from_secs(15);

pub(super) struct Cell<'r> {
    pub(super) row: &'r Row,
    pub(super) step: Step,
    /// The guaranteed end.
    pub(super) expected: End,
    /// The factor of the short times.
    pub(super) patience: u32,
}

/// The network of a run. It is removed on drop.
struct Setting {
    sandbox: Sandbox,
    elsewhere: Recorder,
    token: String,
    attack: Option<Attack>,
    variables: Vec<(String, String)>,
    ca: Option<String>,
    impostor: Option<Sts>,
    /// The directory of an earlier run.
    scratch: Option<Scratch>,
    /// What leads Azure's own hosts to the sandbox.
    proxy: Option<Recorder>,
}

impl Cell<'_> {
    /// Runs it, and checks every guarantee.
    pub(super) fn run(&self, shell: &Shell) -> Result<(), Dash> {
        let mut setting = self.setting()?;
        let scratch = setting.scratch.take();
        let output = self.program(&setting, scratch, shell).run();
        self.check_end(&output);
        self.check_words(&output, &setting);
        self.check_caller(&output, &setting);
        self.check_files(&output);
        self.check_requests(&setting);
        Ok(())
    }

    fn setting(&self) -> Result<Setting, Dash> {
        let step = self.step;
        if !matches!(self.row.what, What::Answer(_)) {
            step.opens()?;
        }
        let authority = Tls::new().unwrap();
        let tls = step.is_of_azure();
        let sandbox = if tls { Sandbox::start_tls(&authority) } else { Sandbox::start() }.unwrap();
        furnish(&sandbox);
        let token = sandbox.issuer.token(&Job::branch("main"));
        let mut setting = Setting {
            sandbox,
            elsewhere: Recorder::start(),
            token,
            attack: None,
            variables: Vec::new(),
            ca: tls.then(|| authority.ca_pem()),
            impostor: None,
            scratch: None,
            proxy: None,
        };
        if let What::Certificate(_) | What::GoAway = &self.row.what {
            setting.ca = Some(authority.ca_pem());
        }
        if step == Step::Renewal {
            setting.scratch = Some(registered(&setting.sandbox, "", setting.ca.as_deref()));
        }
        if tls {
            let (proxy, variables) = leading_to_azure(&setting.sandbox);
            (setting.proxy, setting.variables) = (Some(proxy), variables);
        }
        let origin = match &self.row.what {
            What::Answer(make) => {
                let address = setting.elsewhere.url();
                let stage = Stage { step, sandbox: &setting.sandbox, elsewhere: &address };
                let attack = make(&stage)?;
                step.server(&setting.sandbox).aim(step.request(), attack.fault.clone(), None);
                setting.attack = Some(attack);
                return Ok(setting);
            }
            What::Certificate(certificate) => {
                let impostor = Sts::start_tls(&certificate(&authority).unwrap()).unwrap();
                setting.impostor.insert(impostor).url()
            }
            What::GoAway if step.exchange() == Exchange::Verify => return Err(NO_SECRET),
            What::GoAway if step.exchange() != Exchange::Vault => return Err("its client speaks HTTP/1.1 alone"),
            What::GoAway => {
                let signature = setting.token.rsplit('.').next().unwrap();
                GoAway::start(&authority, &format!("login {signature}")).origin()
            }
            What::Clear => step.server(&setting.sandbox).url().replace("http:", "https:"),
        };
        setting.variables.extend(step.moved_to(&origin, &setting.sandbox));
        Ok(setting)
    }

    /// The command line, for a shell.
    fn command(&self, setting: &Setting) -> String {
        if self.step == Step::Renewal {
            return self.step.command(true);
        }
        let moved = setting.attack.is_none();
        let other = setting.attack.as_ref().and_then(|attack| attack.command);
        let command = other.map_or_else(|| self.step.command(moved), str::to_owned);
        let more = if self.step == Step::AccessToken {
            " --access-token"
        } else if self.step == Step::Assertion {
            " --access-token-env A"
        } else {
            ""
        };
        let ca = if setting.ca.is_some() { " --ca-file ca.pem" } else { "" };
        let bound = if self.expected == End::TimedOut { 3 * self.patience } else { 40 };
        format!("{command}{more}{ca} --timeout {bound}s -vvv")
    }

    /// The variable to look at.
    fn variable(&self, setting: &Setting) -> &'static str {
        let command = setting.attack.as_ref().and_then(|attack| attack.command);
        match (self.step, command) {
            (Step::Login, Some(_)) => "VAULT_TOKEN",
            // The value of the last row of names.
            (_, Some(_)) => "A_TOUCH_PWNED___TOUCH_PWNED__A",
            (Step::Assertion, None) => "A",
            (Step::AccessToken, None) => "GOOGLE_OAUTH_ACCESS_TOKEN",
            (step, None) => step.variable(),
        }
    }

    fn program<'s>(&self, setting: &'s Setting, scratch: Option<Scratch>, shell: &Shell) -> Program<'s> {
        let (command, variable) = (self.command(setting), self.variable(setting));
        let names = "/usr/bin/env -0 | /usr/bin/cut -z -d= -f1";
        let script = if self.step.is_evaluated() {
            format!(
                "umask 077; {names} >before; export {variable}=stale; trap '{names} >after' EXIT\n\
                 {command} >said; echo \"exit $?\"; eval \"$(cat said)\"\n\
                 /usr/bin/printenv {variable} >value; test -n \"${variable}\" && test \"${variable}\" != stale && echo reached"
            )
        } else {
            format!("umask 077; set -e; {command} >said; echo reached")
        };
        let program = shell.runs(&script);
        let (program, later) = match scratch {
            Some(scratch) => (program.within(scratch), true),
            None => (program, false),
        };
        let program = program.job(&setting.sandbox).token(&setting.token);
        let program = if later { program.env("SEMAPHORE_JOB_ID", JOB) } else { program };
        if self.step.is_of_use() {
            program.scratch().write("oidc-exchange.toml", TARGETS);
        }
        if let Some(ca) = &setting.ca {
            program.scratch().write("ca.pem", ca);
        }
        let variables = setting.variables.iter();
        variables.fold(program, |program, (name, value)| match name.as_str() {
            "SEMAPHORE_OIDC_TOKEN" => program.token(value),
            name => program.env(name, value),
        })
    }

    /// The visible end.
    fn check_end(&self, output: &Output) {
        let said = output.stderr();
        let again = said.contains("; trying again for up to ") || said.contains(" attempts in ");
        let code = match output.code {
            // A helper has one exit code for all failures.
            Some(1) if self.step == Step::Renewal => Some(if said.contains(" refused to ") { 4 } else { 5 }),
            code => code,
        };
        let end = match code {
            Some(0) if said.contains("was not revoked") => End::Warned,
            Some(0) => End::Done,
            Some(4) => End::Refused,
            Some(5) if again || self.step.is_silent(&said) => End::TimedOut,
            Some(5) => End::Unusable,
            Some(6) => End::Output,
            Some(7) => End::Untold,
            _ => panic!("{}", output.describe()),
        };
        assert!(end == self.expected, "{end} in place of {}\n{}", self.expected, output.describe());
        let bound = match (end == End::TimedOut, self.step == Step::Renewal) {
            // The helper's own timeout, which no option changes.
            (true, true) => 45,
            (true, false) => 3,
            (false, _) => 5,
        };
        let bound = Duration::from_secs(bound) * self.patience + GRACE;
        assert!(output.took < bound, "took {:?}", output.took);
    }

    /// The messages: printable lines of our own, without a secret, with a limited length.
    fn check_words(&self, output: &Output, setting: &Setting) {
        let is_read =
            self.step.exchange() == Exchange::Verify || self.step == Step::Renewal && self.expected.code() != 0;
        let report = if is_read { said(output) } else { String::new() };
        let shown = format!("{}{}{report}", output.stdout(), output.stderr());
        assert!(shown.len() < 20_000, "{} bytes were said", shown.len());
        let marks = ['\u{202e}', '\u{202c}', '\u{2066}', '\u{2069}', '\u{200b}', '\u{ad}', '\u{feff}', '\u{e0041}'];
        assert!(!shown.contains(|c: char| (c.is_control() && c != '\n') || marks.contains(&c)), "{shown:?}");
        for line in shown.lines().map(str::trim_start) {
            for beginning in ["", "error: ", "hint: ", "warning: ", "note: ", "oidc-exchange: ", "::"] {
                let forged = line.strip_prefix(beginning).is_some_and(|rest| rest.starts_with("FORGED"));
                assert!(!forged, "a line is forged: {line:?}");
            }
        }
        for secret in secrets(setting) {
            assert!(!gives_away(&shown, &secret), "a secret was said");
        }
        assert!(!shown.contains("; curl"), "a command of the server's was said: {shown}");
    }

    /// The calling shell's actions, and the text that it got.
    fn check_caller(&self, output: &Output, setting: &Setting) {
        let code = self.expected.code();
        if !self.step.is_evaluated() {
            output.stdout_is(if code == 0 { "reached\n" } else { "" });
            let silent = self.step == Step::Renewal || self.step.exchange() == Exchange::Verify;
            assert!(code == 0 || silent || said(output).is_empty(), "something was printed");
            return;
        }
        let reached = if code == 0 { "reached\n" } else { "" };
        output.stdout_is(&format!("exit {code}\n{reached}"));
        let read = |name: &str| fs::read(output.scratch.path().join(name)).unwrap_or_default();
        if code == 0 {
            if let Some(value) = setting.attack.as_ref().and_then(|attack| attack.value.as_ref()) {
                assert!(read("value") == format!("{value}\n").as_bytes(), "the value is another one");
            }
        } else {
            let text = said(output);
            let unset = text.strip_suffix(&stop(code)).unwrap_or_else(|| panic!("not the stop alone"));
            let sound =
                |line: &str| line.starts_with("unset ") && line.ends_with(';') && !line.contains(['$', '`', '\'']);
            assert!(unset.lines().all(sound), "not the stop alone: {unset}");
        }
        let names = |name: &str| -> BTreeSet<String> {
            read(name).split(|byte| *byte == 0).map(|name| String::from_utf8_lossy(name).into_owned()).collect()
        };
        let (before, after) = (names("before"), names("after"));
        // yash ends without its trap. It evaluated only the stop text.
        if code != 0 && after.len() == 1 {
            return;
        }
        // Variables that shells set for their child processes.
        let mut own = vec![self.variable(setting), "_", "_AST_FEATURES", "A__z"];
        if self.step == Step::Subscriptions {
            // It has no effect in the public cloud.
            own.push("AZURE_AUTHORITY_HOST");
        }
        let new: Vec<&String> = after.difference(&before).filter(|name| !own.contains(&name.as_str())).collect();
        let gone: Vec<&String> = before.difference(&after).filter(|name| !own.contains(&name.as_str())).collect();
        assert!(gone.is_empty(), "gone: {gone:?}");
        assert!(new.iter().all(|name| code == 0 && self.sets(name)), "set: {new:?}");
    }

    /// Whether the step's command line should set this variable.
    fn sets(&self, name: &str) -> bool {
        if self.step.is_of_use() {
            return name.starts_with("AWS_") || name == "A";
        }
        match self.step.exchange() {
            Exchange::Aws => name.starts_with("AWS_"),
            Exchange::Gcp => {
                const PROJECT: [&str; 5] = [
                    "CLOUDSDK_CORE_PROJECT",
                    "CLOUDSDK_PROJECT",
                    "GCLOUD_PROJECT",
                    "GCP_PROJECT",
                    "GOOGLE_CLOUD_PROJECT",
                ];
                const OWN: [&str; 4] = [
                    "GOOGLE_APPLICATION_CREDENTIALS",
                    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
                    "CLOUDSDK_CONFIG",
                    "BOTO_PATH",
                ];
                PROJECT.contains(&name) || OWN.contains(&name)
            }
            Exchange::Azure => name.starts_with("AZURE_") || name.starts_with("ARM_"),
            Exchange::Vault | Exchange::Verify => false,
        }
    }

    fn check_files(&self, output: &Output) {
        let own = ["said", "before", "after", "value", "ca.pem", "server", "oidc-exchange.toml"];
        let docker = output.scratch.home().join(".docker/config.json");
        // An earlier password, or the kept failure for the next run of a Kubernetes client.
        let keeps = matches!(self.step, Step::Renewal | Step::Eks | Step::Gke | Step::Aks);
        let private = output.scratch.home().join(".oidc-exchange");
        for file in output.scratch.files() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let expected = own.contains(&name.as_str()) && file.parent() == Some(output.scratch.path());
            let handed_over = (self.expected.code() == 0 || keeps) && file.starts_with(&private);
            let registers = self.step == Step::Renewal || self.step.registers() && self.expected.code() == 0;
            assert!(expected || handed_over || registers && file == docker, "made: {}", file.display());
            assert_eq!(mode(&file), 0o600, "others can read {name}");
        }
    }

    /// No other server received a request.
    fn check_requests(&self, setting: &Setting) {
        let sandbox = &setting.sandbox;
        assert_eq!(setting.elsewhere.seen(), [""; 0], "nobody else hears anything");
        let heard = [
            (Exchange::Aws, sandbox.aws.requests()),
            (Exchange::Aws, sandbox.ecr.requests()),
            (Exchange::Gcp, sandbox.google.sts.requests()),
            (Exchange::Gcp, sandbox.google.iam.requests()),
            (Exchange::Azure, sandbox.azure.requests()),
            (Exchange::Azure, sandbox.acr.requests()),
            (Exchange::Vault, sandbox.vault.requests()),
        ];
        for (exchange, requests) in &heard {
            let used = self.step.is_of_use() && matches!(exchange, Exchange::Aws | Exchange::Vault);
            assert!(used || *exchange == self.step.exchange() || requests.is_empty(), "{exchange:?} was asked");
            assert!(requests.iter().all(|request| request.header("cookie").is_none()), "a cookie was sent");
        }
        let mut asked = sandbox.issuer.requests();
        asked.retain(|request| !request.secrets().is_empty() || !request.body.is_empty());
        assert!(asked.is_empty(), "the issuer was sent something");
        let alive = sandbox.vault.issued().iter().filter(|token| sandbox.vault.is_good(token)).count();
        // The login's answer may be lost or replaced, or the revocation may fail.
        let may_live = matches!(self.step, Step::Login | Step::Revocation);
        assert!(may_live || alive == 0, "{alive} client tokens are alive");
        if self.row.kind == Kind::Harmless {
            assert!(self.step.requests(sandbox) >= 1, "the step was not reached");
        }
    }
}

fn said(output: &Output) -> String {
    fs::read_to_string(output.scratch.path().join("said")).unwrap_or_default()
}

/// All secrets.
fn secrets(setting: &Setting) -> Vec<String> {
    let sandbox = &setting.sandbox;
    let mut secrets = vec![setting.token.rsplit('.').next().unwrap().to_owned()];
    secrets
        .extend(sandbox.aws.issued().into_iter().flat_map(|issued| [issued.secret_access_key, issued.session_token]));
    secrets.extend(sandbox.ecr.issued());
    secrets.extend(sandbox.google.issued().into_iter().map(|issued| issued.token));
    secrets.extend(sandbox.google.federated());
    secrets.extend(sandbox.azure.issued());
    secrets.extend(sandbox.acr.issued());
    secrets.extend(sandbox.vault.issued());
    secrets.extend(sandbox.vault.values());
    secrets
}
