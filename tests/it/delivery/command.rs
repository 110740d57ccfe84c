//! `-- COMMAND`: it has the credentials in its environment, and replaces the program.

use std::time::Duration;

use rustix::process::Signal;
use sandbox::{Job, Sandbox};

use crate::aws::deploy;
use crate::support::{Program, expect, oidc_exchange};

fn with_command<'s>(sandbox: &'s Sandbox, options: &[&str], command: &[&str]) -> Program<'s> {
    deploy(options).arg("--").args(command).job(sandbox)
}

/// `env -0` of the command, sorted.
#[track_caller]
fn environment(program: Program<'_>) -> Vec<String> {
    let output = program.hands_over().run();
    output.exits(0).stderr_is(expect![""]);
    let mut variables: Vec<String> =
        output.stdout().split_terminator('\0').map(|pair| pair.split('=').next().unwrap().to_owned()).collect();
    variables.sort();
    variables
}

#[test]
fn its_environment_is_the_callers_with_the_credentials_and_without_the_token() {
    let sandbox = Sandbox::start().unwrap();
    let beaten = [
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_CREDENTIAL_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ];
    let token = sandbox.issuer.token(&Job::branch("main"));
    let program = oidc_exchange(["aws", "--region", "eu-central-1", "--", "env", "-0"])
        .beside(&sandbox)
        .token(&token)
        .env("AWS_ENDPOINT_URL_STS", sandbox.aws.url())
        .env("AWS_ROLE_ARN", sandbox::DEPLOY_ROLE)
        .env("AWS_SESSION_TOKEN", "stale")
        .env("MINE", "stays");
    let program = beaten.iter().fold(program, |program, name| program.env(name, "stale"));
    assert_eq!(
        environment(program),
        [
            "AWS_ACCESS_KEY_ID",
            "AWS_ACCOUNT_ID",
            "AWS_CREDENTIAL_EXPIRATION",
            "AWS_DEFAULT_REGION",
            "AWS_ENDPOINT_URL_STS",
            "AWS_REGION",
            "AWS_ROLE_ARN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "HOME",
            "MINE",
            "PATH",
            "TMPDIR",
        ]
    );
}

#[test]
fn the_token_goes_where_it_was_and_stays_where_it_is_wanted() {
    let sandbox = Sandbox::start().unwrap();
    let has = |program: Program<'_>, name: &str| environment(program).iter().any(|known| known == name);
    assert!(has(with_command(&sandbox, &["--pass-token"], &["env", "-0"]), "SEMAPHORE_OIDC_TOKEN"));
    let token = sandbox.issuer.token(&Job::branch("main"));
    let mine = || with_command(&sandbox, &["--token-env", "MINE"], &["env", "-0"]).env("MINE", &token);
    assert!(!has(mine(), "MINE"));
    // In other variables too: a job's own copy, with the line break of a file.
    let copied = |options: &[&str]| {
        let program = with_command(&sandbox, options, &["env", "-0"]).env("SEMAPHORE_OIDC_TOKEN", &token);
        program.env("MY_COPY", format!("{token}\n")).env("LONGER", format!("x{token}"))
    };
    assert!(!has(copied(&[]), "MY_COPY") && has(copied(&[]), "LONGER"));
    assert!(has(copied(&["--pass-token"]), "MY_COPY"));
    let supervised = || with_command(&sandbox, &["--refreshable", "--region", "eu-west-1"], &["env", "-0"]);
    assert!(!has(supervised().env("SEMAPHORE_OIDC_TOKEN", &token).env("MY_COPY", &token), "MY_COPY"));
    assert!(!has(mine().env("SEMAPHORE_OIDC_TOKEN", &token), "SEMAPHORE_OIDC_TOKEN"));
    let file = with_command(&sandbox, &["--token-file", "token"], &["env", "-0"]);
    file.scratch().write("token", &token);
    assert!(!has(file, "SEMAPHORE_OIDC_TOKEN"), "the file most often has the variable's content");
}

#[test]
fn it_exits_as_the_command_exits() {
    let sandbox = Sandbox::start().unwrap();
    for code in [0, 1, 2, 3, 4, 5, 6, 42, 126, 127, 128, 130, 143, 255] {
        let output = with_command(&sandbox, &[], &["sh", "-c", &format!("exit {code}")]).run();
        output.exits(code).stdout_is("").stderr_is(expect![""]);
    }
}

#[test]
fn a_command_that_cannot_be_run() {
    let sandbox = Sandbox::start().unwrap();
    with_command(&sandbox, &[], &["no-such-command"]).run().exits(127).stdout_is("").stderr_is(expect![[r#"
        error: cannot run no-such-command: No such file or directory (os error 2)
    "#]]);
    with_command(&sandbox, &[], &["/"]).run().exits(126).stdout_is("").stderr_is(expect![[r#"
        error: cannot run /: Permission denied (os error 13)
    "#]]);
    let program = with_command(&sandbox, &[], &["./not-executable"]);
    program.scratch().write("not-executable", "#!/bin/sh\n");
    program.run().exits(126).stdout_is("").stderr_is(expect![[r#"
        error: cannot run ./not-executable: Permission denied (os error 13)
    "#]]);
}

#[test]
fn it_reads_and_writes_what_the_caller_gives() {
    let sandbox = Sandbox::start().unwrap();
    let command = ["sh", "-c", "cat; echo \"$1\" >&2", "sh", "two  words"];
    let output = with_command(&sandbox, &[], &command).stdin("in\n").run();
    output.exits(0).stdout_is("in\n").stderr_is(expect![[r#"
        two  words
    "#]]);
}

#[test]
fn its_options_are_its_own() {
    let sandbox = Sandbox::start().unwrap();
    let output = with_command(&sandbox, &[], &["echo", "--format", "json", "--", "--role-arn", "x", "-v"]).run();
    output.exits(0).stdout_is("--format json -- --role-arn x -v\n");
}

#[test]
fn after_a_failure_it_is_not_run() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&["--", "touch", "ran"]).job_of(&sandbox, &Job::branch("other"));
    let output = program.run();
    output.exits(4).stdout_is("");
    assert!(!output.scratch.path().join("ran").exists());
}

#[test]
fn signals_reach_it() {
    let sandbox = Sandbox::start().unwrap();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::USR1] {
        let script = "trap 'echo caught; exit 9' TERM INT HUP USR1; : >ready; while :; do sleep 0.01; done";
        let running = with_command(&sandbox, &[], &["sh", "-c", script]).spawn();
        running.await_file("ready");
        running.signal(signal);
        let output = running.wait();
        assert!(output.code == Some(9) && output.stdout == b"caught\n", "{signal:?}: {}", output.describe());
    }
}

/// Also between the end of the exchange and the start of COMMAND.
#[test]
fn no_signal_is_lost_before_it() {
    let ended = |options: &[&str], seed: u64| {
        let (sandbox, mut rng) = (Sandbox::start().unwrap(), fastrand::Rng::with_seed(seed));
        for run in 1..=25 {
            let running = with_command(&sandbox, options, &["sleep", "4"]).spawn();
            assert!(sandbox.aws.await_requests(run, Duration::from_secs(20)));
            std::thread::sleep(Duration::from_micros(rng.u64(..15_000)));
            running.signal([Signal::TERM, Signal::HUP][run % 2]);
            let output = running.wait();
            // Directly, or through COMMAND.
            let ended =
                [Some(5), Some(143), Some(129)].contains(&output.code) || [Some(15), Some(1)].contains(&output.signal);
            assert!(ended, "{options:?}: {}", output.describe());
        }
    };
    std::thread::scope(|scope| {
        for seed in 0..6 {
            let options: &[&str] = if seed % 3 == 0 { &["--refreshable"] } else { &[] };
            scope.spawn(move || ended(options, seed));
        }
    });
}

/// If a signal ends the command, the caller sees the same signal.
#[test]
fn a_command_that_a_signal_ends() {
    let sandbox = Sandbox::start().unwrap();
    let output = with_command(&sandbox, &[], &["sh", "-c", "kill -TERM $$"]).run();
    assert_eq!((output.code, output.signal), (None, Some(15)));
}
