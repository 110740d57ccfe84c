//! A variable has the exported value, in the shell and in its child processes, or the caller is stopped.

use std::process::{Command, Stdio};

use oidc_exchange::shell::Name;
use oidc_exchange::shell::posix::{self, Codes};
use sandbox::Sandbox;

use crate::support::shells::{self, Shell};
use crate::support::{expect, oidc_exchange};

const EVAL: &str = "eval \"$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)\"";

/// The caller's declarations of a variable: read-only, a number, letters of one case, or a fixed width.
const DECLARED: [(&str, &[&str]); 4] = [
    ("bash", &["declare -i", "declare -l", "declare -u", "declare -r"]),
    ("zsh", &["typeset -i", "typeset -i16", "typeset -F", "typeset -l", "typeset -u", "typeset -L3", "typeset -R30"]),
    (
        "mksh",
        &["typeset -i", "typeset -Ui16", "typeset -l", "typeset -u", "typeset -L3", "typeset -R30", "typeset -Z30"],
    ),
    ("ksh93", &["typeset -i", "typeset -F", "typeset -l", "typeset -u", "typeset -L3", "typeset -R30", "typeset -Z30"]),
];

#[test]
fn a_variable_that_changes_its_value_stops_the_caller() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let declared = DECLARED.iter().filter(|(name, _)| *name == shell.name).flat_map(|(_, all)| *all);
        for declare in declared {
            for format in ["", " --format source"] {
                let eval = EVAL.replace("deploy)", &format!("deploy{format})"));
                let script = format!("{declare} AWS_SECRET_ACCESS_KEY\n{eval}\necho AFTER");
                let output = shell.runs(&script).job(&sandbox).run();
                assert_eq!((output.code, output.stdout().as_str()), (Some(6), ""), "{declare}: {}", output.describe());
            }
        }
    }
}

#[test]
fn it_says_why() {
    let sandbox = Sandbox::start().unwrap();
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    let script = format!("declare -u AWS_SESSION_TOKEN\n{EVAL}; echo AFTER");
    bash.runs(&script).job(&sandbox).hands_over().run().exits(6).stdout_is("").stderr_is(expect![[r#"
        oidc-exchange: this shell does not keep the value of one of these variables: AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_ACCOUNT_ID
    "#]]);
}

/// Every variable that a shell manages, including those that are created at the first use.
fn managed(shell: &Shell) -> Vec<String> {
    const MORE: &str = "ARGC BASHPID BASH_ARGV0 BASH_COMMAND BASH_MONOSECONDS BASH_SUBSHELL CDPATH COLUMNS DIRSTACK \
        EGID ENV EPOCHREALTIME EPOCHSECONDS ERRNO EUID FPATH FUNCNAME FUNCNEST GID GROUPS HISTCHARS HISTCMD HISTFILE \
        HISTFILESIZE HISTSIZE HOST HOSTNAME JOBMAX KSHEGID KSHGID KSHUID KSH_VERSION LANG LC_ALL LC_CTYPE LINENO \
        LINES LOGNAME MAIL MAILCHECK MAPFILE OLDPWD OPTARG OPTERR OPTIND PGRP PIPESTATUS POSIXLY_CORRECT PPID PS4 \
        RANDOM REPLY SAVEHIST SECONDS SHELL SHELLOPTS SHLVL SH_VERSION SRANDOM TERM TIMEFMT TMOUT TTY TTYIDLE UID \
        USER USERNAME USER_ID WORDCHARS ZSH_EVAL_CONTEXT ZSH_SUBSHELL ZSH_VERSION _ argv fpath histchars options \
        path pipestatus prompt signals status";
    let program = shell.with(["-c", "set"]);
    let (path, arguments) = program.command_line();
    let output = Command::new(path).args(arguments).env_clear().env("PATH", "/usr/bin:/bin").output().unwrap();
    let own = String::from_utf8_lossy(&output.stdout).into_owned();
    let own = own.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.to_owned());
    let mut names: Vec<String> = own.chain(MORE.split_whitespace().map(str::to_owned)).collect();
    names.retain(|name| Name::new(name).is_some() && !["PATH", "IFS"].contains(&name.as_str()));
    names.sort();
    names.dedup();
    names
}

/// Whether the program refuses to write to it before it reads anything.
fn is_refused(name: &str) -> bool {
    let arguments = ["vault", "--role", "ci", &format!("{name}=secret/ci#x"), "--addr", "http://127.0.0.1:1"];
    let output = oidc_exchange(arguments).run();
    output.stderr().starts_with(&format!("error: {name} is a variable "))
}

/// A variable that a shell would change is refused before anything is read.
#[test]
fn a_managed_variable_is_refused() {
    for name in ["DIRSTACK", "EPOCHSECONDS", "ERRNO", "GROUPS", "KSHUID", "PGRP", "SRANDOM", "USERNAME", "USER_ID", "_"]
    {
        assert!(is_refused(name), "{name}");
    }
    // zsh runs programs from `path`, and the others are read-only or arrays there.
    for name in
        ["path", "fpath", "cdpath", "status", "argv", "pipestatus", "functions", "parameters", "options", "prompt"]
    {
        assert!(is_refused(name), "{name}");
    }
    // The printed text uses these; it runs the first of them as a command.
    for name in ["_oidc_intact", "_oidc_exchange", "_oidc_value", "_oidc_other", "_oidc052", "_oidc_anything"] {
        assert!(is_refused(name), "{name}");
    }
    let output = oidc_exchange(["vault", "--role", "ci", "USERNAME=secret/ci#x"]).run();
    output.exits(2).stderr_is(expect![[r#"
        error: USERNAME is a variable that zsh manages

        hint: choose another name
    "#]]);
}

/// For any name, the job never gets another value without an error.
#[test]
fn no_name_has_another_value_in_silence() {
    for shell in shells::posix() {
        for name in managed(&shell).into_iter().filter(|name| !is_refused(name)) {
            for value in ["s3cr/et.Value", "7"] {
                let known = Name::new(&name).unwrap();
                let text = posix::assign(&[], [(&known, value)].into_iter(), Codes { unquoted: 2, not_kept: 6 });
                let script = format!("{text}\n/usr/bin/printenv {name}\nprintf 'AFTER\\n'\n");
                let (path, arguments) = shell.with(["-c", &script]).command_line();
                let mut command = Command::new(path);
                command.args(arguments).env_clear().envs([("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent")]);
                let output = command.stdin(Stdio::null()).output().unwrap();
                let printed = String::from_utf8_lossy(&output.stdout);
                let kept = printed == format!("{value}\nAFTER\n");
                let stopped = !output.status.success() && printed.is_empty();
                assert!(kept || stopped, "{name}={value} in {}: {output:?}", shell.name);
            }
        }
    }
}
