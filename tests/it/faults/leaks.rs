//! Places that others can read: command lines, and the output at the highest verbosity.

use sandbox::Sandbox;

use super::steps::{STEPS, Step, furnish};
use crate::support::Program;

/// A COMMAND that prints its own command line, and its parent's.
const SHOW: &str = "sh -c 'cat /proc/self/cmdline /proc/$PPID/cmdline | tr \"\\0\" \" \"'";

/// With `exec`, if nothing must be undone after COMMAND, and as a child process otherwise.
#[test]
fn a_command_and_its_parent_have_no_secret_on_their_command_lines() {
    for (step, options) in [
        (Step::Token, ""),
        (Step::Token, "--refreshable"),
        (Step::Hop, ""),
        (Step::AccessToken, "--no-credentials-file --access-token"),
        (Step::AccessToken, ""),
        (Step::Assertion, ""),
        (Step::Assertion, "--access-token-env A"),
        (Step::Read, ""),
        (Step::Read, "--export-token 'B=secret/production/db?file#username'"),
    ] {
        let sandbox = Sandbox::start().unwrap();
        furnish(&sandbox);
        let script = format!("{} {options} -- {SHOW}", step.command(false));
        let output = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run();
        output.exits(0).stdout_holds_no_secret();
        assert!(output.stdout().contains("/proc/self/cmdline"), "{}", output.describe());
    }
}

/// `RUST_LOG` is not read, and `-v` is for calls and decisions: every run is searched.
#[test]
fn a_good_run_at_its_loudest_says_no_secret() {
    for step in STEPS {
        let sandbox = Sandbox::start().unwrap();
        furnish(&sandbox);
        let run = |verbosity: &str| {
            let script = format!("{} {verbosity} >said", step.command(false));
            let program = Program::new("/bin/sh", ["-c", &format!("umask 077; {script}")]).job(&sandbox);
            program.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").run()
        };
        assert_eq!(run("").exits(0).stderr(), "", "{}", step.title());
        let loud = run("-vvvv");
        let lines = loud.exits(0).stderr();
        assert!(!lines.is_empty() && lines.lines().all(|line| line.starts_with("oidc-exchange: ")), "{lines}");
    }
}
