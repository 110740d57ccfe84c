//! `-- COMMAND`: the registration ends with it.

use std::time::Duration;

use sandbox::Sandbox;

use super::{HOST, answer, clean, config, config_text, helper, register};
use crate::support::expect;

const GET: &str = "printf %s 123456789012.dkr.ecr.eu-west-1.amazonaws.com | docker-credential-oidc-exchange get";

#[test]
fn a_command_has_the_registry_and_leaves_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let program = register(&sandbox, &[HOST]).args(["--", "sh", "-c", &format!("{GET}; exit 7")]);
    let before = "{ \"proxies\" : {}, \"experimental\": \"enabled\"}";
    program.scratch().write("home/.docker/config.json", before);
    let output = program.hands_over().run();
    output.exits(7).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
    assert_eq!(config_text(&output.scratch), before);
    assert_eq!(output.scratch.files(), [config(&output.scratch)], "nothing else is left");
}

/// COMMAND has no variable with the token, and a renewal needs it.
#[test]
fn a_command_that_outlives_the_password_goes_on() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.set_lifetime(Duration::from_mins(4));
    let script = format!("test -z \"${{SEMAPHORE_OIDC_TOKEN-}}\" && test -n \"$AWS_ACCESS_KEY_ID\" && {GET}");
    let output = register(&sandbox, &[HOST]).args(["--", "sh", "-c", &script]).hands_over().run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
    assert_eq!(sandbox.ecr.issued().len(), 2);
    assert_eq!(output.scratch.files().len(), 0, "{:?}", output.scratch.files());
}

#[test]
fn the_token_is_kept_only_where_the_command_does_not_have_it() {
    let sandbox = Sandbox::start().unwrap();
    let script = "grep -c '\"token\":' \"$HOME\"/.oidc-exchange/job-1/registry-*";
    let run = |more: &[&str]| {
        let program = register(&sandbox, &[HOST]).args(more).args(["--", "sh", "-c", script]);
        let output = program.hands_over().run();
        output.stdout()
    };
    assert_eq!(run(&[]), "1\n");
    assert_eq!(run(&["--pass-token"]), "0\n");
    let output = register(&sandbox, &[HOST]).run();
    let text =
        std::fs::read_to_string(output.scratch.home().join(format!(".oidc-exchange/job-1/registry-{HOST}"))).unwrap();
    assert!(!text.contains("\"token\":") && !text.contains("eyJ"));
}

#[test]
fn a_command_does_not_end_the_jobs_own_registration() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).run();
    let jobs = answer(&sandbox, HOST);
    let output = register(&sandbox, &[HOST]).args(["--", "sh", "-c", GET]).within(output.scratch).hands_over().run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST));
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(0).stdout_is(&jobs);
    let output = clean(&sandbox, output.scratch);
    assert_eq!(output.scratch.files().len(), 0, "{:?}", output.scratch.files());
}

/// The first one that ends keeps the registry for the other.
#[test]
fn commands_at_once_do_not_end_each_others_registrations() {
    let sandbox = Sandbox::start().unwrap();
    let shell = crate::support::shells::find("dash", "dash", &[]).unwrap();
    let run = format!("oidc-exchange aws --role-arn {} --registry {HOST} --", sandbox::DEPLOY_ROLE);
    let script = format!(
        "umask 077; {run} sh -c 'touch first; while ! test -e over; do sleep 0.02; done; {GET} >got; cp \"$HOME/.docker/config.json\" seen' &\n\
         while ! test -e first; do sleep 0.02; done; {run} true; touch over; wait; grep -c oidc-exchange seen; grep -c ServerURL got"
    );
    let program = shell.runs(&script).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1").hands_over();
    let output = program.run();
    output.exits(0).stdout_is("1\n1\n").stderr_is(expect![[""]]);
    assert!(!config(&output.scratch).exists());
    assert!(!output.scratch.home().join(".oidc-exchange/job-1").exists());
}

/// The registration is also removed if the command cannot be run, or a signal ends it.
#[test]
fn whatever_becomes_of_the_command_it_is_undone() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).args(["--", "/nonexistent"]).hands_over().run();
    output.exits(127);
    assert_eq!(output.scratch.files().len(), 0, "{:?}", output.scratch.files());
    let running =
        register(&sandbox, &[HOST]).args(["--", "sh", "-c", "touch begun; exec sleep 60"]).hands_over().spawn();
    running.await_file("begun");
    running.signal(rustix::process::Signal::TERM);
    let output = running.wait();
    output.exits(143);
    assert!(!config(&output.scratch).exists());
}
