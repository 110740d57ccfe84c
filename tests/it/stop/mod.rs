//! After every kind of failure, the caller stops with its exit code and without old credentials.

mod arguments;
mod command_lines;
mod interactive;
mod limits;
mod one_pipe;
mod panic;
mod signals;

use oidc_exchange::google;
use oidc_exchange::shell::{Name, either};
use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use crate::support::recorder::closed_port;
use crate::support::shells::{self, Shell};
use crate::support::{Output, Program, oidc_exchange, stopped_in_any_shell};

/// The form of a caller's script; `EVAL` is the command that fails.
struct Caller {
    name: &'static str,
    options: &'static [&'static str],
    script: &'static str,
    /// Commands after the stop, if some may run: the failure is then the status of the enclosing command.
    goes_on: bool,
}

const fn stops(name: &'static str, options: &'static [&'static str], script: &'static str) -> Caller {
    Caller { name, options, script, goes_on: false }
}

const fn contains(name: &'static str, options: &'static [&'static str], script: &'static str) -> Caller {
    Caller { name, options, script, goes_on: true }
}

const CALLERS: [Caller; 12] = [
    stops("a script", &[], "EVAL\necho AFTER"),
    stops("a script on one line", &[], "EVAL; echo AFTER"),
    stops("a script with -e", &["-e"], "EVAL\necho AFTER"),
    stops("a script with -u", &["-u"], "EVAL\necho AFTER"),
    stops("a script with -eu", &["-eu"], "EVAL\necho AFTER"),
    stops("a function with -e", &["-e"], "f() {\nEVAL\necho AFTER\n}\nf\necho AFTER"),
    stops("a sourced file with -e", &["-e"], ". ./item\necho AFTER"),
    stops("an eval without quotes", &[], "UNQUOTED\necho AFTER"),
    contains("a function", &[], "f() {\nEVAL\necho AFTER\n}\nf\necho \"status $?\""),
    contains("a sourced file", &[], ". ./item\necho \"status $?\""),
    contains("a sourced file in a function", &[], "f() { . ./item; echo \"status $?\"; }\nf"),
    contains("a subshell", &[], "(EVAL; echo AFTER)\necho \"status $?\"; unset AWS_SESSION_TOKEN"),
];

impl Caller {
    /// The caller in this shell, as a file, with `command` failing in it.
    fn program<'s>(&self, shell: &Shell, command: &str) -> Program<'s> {
        let fill = |text: &str| {
            text.replace("EVAL", &format!("eval \"$({command})\"")).replace("UNQUOTED", &format!("eval $({command})"))
        };
        let start =
            "export AWS_SESSION_TOKEN=stale\ntrap 'echo \"left: ${AWS_SESSION_TOKEN-nothing}\"' EXIT\necho before\n";
        let program = shell.with(self.options).arg("./script");
        program.scratch().write("script", format!("{start}{}\n", fill(self.script)));
        program.scratch().write("item", fill("echo item\nEVAL\necho AFTER\n"));
        program
    }

    #[track_caller]
    fn check(&self, shell: &Shell, output: &Output, code: u8, left: &str) {
        let item = if self.script.contains("./item") { "item\n" } else { "" };
        let left = if self.name == "a subshell" { "nothing" } else { left };
        // posh ignores `-e` after a `return` in an `eval`.
        let forgets = shell.name == "posh" && ["a function with -e", "a sourced file with -e"].contains(&self.name);
        let (status, code) = match (self.goes_on, forgets) {
            (true, _) => (format!("status {code}\n"), 0),
            (false, true) => ("AFTER\n".into(), 0),
            (false, false) => (String::new(), code),
        };
        // zsh runs no EXIT trap if `-e` ends it in a function. yash runs none if `-e` or `return` ends it.
        let trapped = match shell.name {
            "zsh" => self.name != "a function with -e",
            "yash" => self.goes_on,
            _ => true,
        };
        let left = if trapped { format!("left: {left}\n") } else { String::new() };
        let expected = format!("before\n{item}{status}{left}");
        assert!(
            output.stdout() == expected && output.code == Some(code.into()),
            "{} in {}\nexpected {code} and:\n{expected}{}",
            self.name,
            shell.name,
            output.describe()
        );
    }
}

/// In every shell and every caller: `prepare` makes `command` fail with `code`.
#[track_caller]
fn everywhere<'s>(command: &str, code: u8, left: &str, prepare: impl Fn(Program<'s>) -> Program<'s>) {
    for shell in shells::posix() {
        for caller in &CALLERS {
            let output = prepare(caller.program(&shell, command)).hands_over().run();
            caller.check(&shell, &output, code, left);
        }
        let output = prepare(shell.runs(&format!("echo before; eval \"$({command})\"; echo AFTER"))).run();
        output.exits(code.into()).stdout_is("before\n");
    }
}

fn aws() -> String {
    format!("oidc-exchange aws --role-arn {DEPLOY_ROLE}")
}

#[test]
fn a_refusal() {
    let sandbox = Sandbox::start().unwrap();
    everywhere(&aws(), 4, "nothing", |program| program.job_of(&sandbox, &Job::branch("other")));
}

#[test]
fn a_wrong_option() {
    everywhere("oidc-exchange aws --role-arm x", 2, "nothing", |program| program);
}

#[test]
fn a_wrong_value() {
    everywhere("oidc-exchange aws --role-arn deploy", 2, "nothing", |program| program);
}

/// A format of another command is an error of the command line, which stops the shell too.
#[test]
fn a_format_of_another_command() {
    let gcp = either::stop(&google::credential_names(None), 2);
    let formats = "env, env-no-export, dotenv, fish, json, source";
    for (line, stopped, offered) in [
        ("aws --role-arn x --format raw", stopped_in_any_shell(2), format!("{formats}, process, kubernetes")),
        ("gcp --provider x --format process", gcp.clone(), format!("{formats}, kubernetes")),
        ("gcp --provider x --format=raw", gcp, format!("{formats}, kubernetes")),
        ("vault A=secret/a#b --format process", either::stop(&[Name::fixed("A")], 2), format!("{formats}, raw")),
    ] {
        let output = oidc_exchange(line.split(' ')).run();
        output.exits(2).stdout_is(&stopped);
        let said = output.stderr();
        assert!(said.contains(&format!("\n  [possible values: {offered}]\n")), "{line}: {said}");
        everywhere(
            &format!("oidc-exchange {line}"),
            2,
            if line.starts_with("aws") { "nothing" } else { "stale" },
            |it| it,
        );
    }
}

/// Its variables are unknown, so none is removed.
#[test]
fn a_misspelt_command() {
    everywhere("oidc-exchange asw", 2, "stale", |program| program);
}

#[test]
fn no_token() {
    everywhere(&aws(), 3, "nothing", |program| program);
}

#[test]
fn nobody_there() {
    let address = format!("http://127.0.0.1:{}", closed_port());
    let sandbox = Sandbox::start().unwrap();
    let command = format!("{} --timeout 50ms", aws());
    everywhere(&command, 5, "nothing", |program| program.job(&sandbox).env("AWS_ENDPOINT_URL_STS", &address));
}

#[test]
fn no_place_for_the_file() {
    let sandbox = Sandbox::start().unwrap();
    let command = format!("{} --format source", aws());
    everywhere(&command, 6, "nothing", |program| program.job(&sandbox).env("OIDC_EXCHANGE_DIR", "/dev/null/x"));
}

/// `--on-error status`: the handler runs with the exit code, and no old credentials are left.
#[test]
fn a_handler() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        for options in [&[][..], &["-e"], &["-u"]] {
            let command = format!("{} --on-error status", aws());
            let script = format!(
                "export AWS_SESSION_TOKEN=stale\neval \"$({command})\" || echo \"handler $?\"\n\
                 echo \"left: ${{AWS_SESSION_TOKEN-nothing}}\"\nif eval \"$({command})\"; then echo AFTER; fi\n\
                 eval \"$({command})\"; echo \"status $?\""
            );
            let output = shell.with(options).args(["-c", &script]).job_of(&sandbox, &Job::branch("other")).run();
            let (end, code) = if options == ["-e"] { ("", 4) } else { ("status 4\n", 0) };
            output.exits(code).stdout_is(&format!("handler 4\nleft: nothing\n{end}"));
        }
    }
}
