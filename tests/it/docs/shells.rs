//! docs/shells.md: its scripts end where the page states.

use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use super::blocks::of;
use crate::support::shells;

const PAGE: &str = include_str!("../../../docs/shells.md");

#[test]
fn no_script_deploys_after_a_refusal() {
    let sandbox = Sandbox::start().unwrap();
    let scripts = of(PAGE, "sh");
    assert_eq!(scripts.len(), 3);
    for shell in shells::posix() {
        for script in &scripts {
            let run = |job: &Job| {
                let script = format!("export AWS_SESSION_TOKEN=stale\ndeploy() {{ echo DEPLOYS; }}\n{script}");
                shell.runs(&script).job_of(&sandbox, job).env("ROLE", DEPLOY_ROLE).hands_over().run()
            };
            let good = run(&Job::branch("main"));
            assert!(
                good.code == Some(0) && good.stdout() == "DEPLOYS\n",
                "{}\n{script}{}",
                shell.name,
                good.describe()
            );
            let refused = run(&Job::branch("other"));
            assert!(
                refused.code != Some(0) && refused.stdout().is_empty(),
                "{}\n{script}{}",
                shell.name,
                refused.describe()
            );
        }
    }
}

/// A run that somebody kills.
#[test]
fn the_second_script_fails_after_a_kill() {
    for shell in shells::posix() {
        let script = format!("deploy() {{ echo DEPLOYS; }}\n{}", of(PAGE, "sh")[1]);
        let program = shell.runs(&script).env("ROLE", DEPLOY_ROLE);
        program.scratch().script("bin/oidc-exchange", "#!/bin/sh\nkill -9 $$\n");
        let output = program.run();
        assert!(output.code != Some(0) && output.stdout.is_empty(), "{}{}", shell.name, output.describe());
    }
}

/// The status of a shell whose EXIT trap is stopped.
#[test]
fn an_exit_trap_loses_the_status_in_three_shells() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let script = format!("trap 'eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE})\"; echo AFTER' EXIT\n:");
        let output = shell.runs(&script).job_of(&sandbox, &Job::branch("other")).run();
        let code = if ["dash", "busybox", "yash"].contains(&shell.name) { 0 } else { 4 };
        output.exits(code).stdout_is("");
    }
}
