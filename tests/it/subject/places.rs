//! The allowed and forbidden sources of the token.

use sandbox::{Job, Sandbox};

use crate::aws::deploy;
use crate::support::{expect, shells};

#[track_caller]
fn arrived(sandbox: &Sandbox, token: &str) {
    let requests = sandbox.aws.requests();
    assert!(requests.last().is_some_and(|request| request.field("WebIdentityToken") == Some(token)));
}

#[test]
fn another_variable() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let program = deploy(&["--token-env", "MY_TOKEN"]).job(&sandbox).env("SEMAPHORE_OIDC_TOKEN", "not this");
    program.secret("the subject token", &token).env("MY_TOKEN", &token).run().exits(0).stderr_is(expect![""]);
    arrived(&sandbox, &token);
}

#[test]
fn a_file() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let program = deploy(&["--token-file", "token"]).job(&sandbox).env_remove("SEMAPHORE_OIDC_TOKEN");
    program.scratch().write("token", &token);
    program.secret("the subject token", &token).run().exits(0).stderr_is(expect![""]);
    arrived(&sandbox, &token);
}

#[test]
fn standard_input() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let program = deploy(&["--token-file", "-"]).job(&sandbox).env_remove("SEMAPHORE_OIDC_TOKEN");
    program.secret("the subject token", &token).stdin(token.as_str()).run().exits(0).stderr_is(expect![""]);
    arrived(&sandbox, &token);
}

#[test]
fn white_space_around_it_is_dropped() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let wrapped = format!(" \r\n\t{token}\r\n\n");
    deploy(&[]).job(&sandbox).token(&wrapped).run().exits(0);
    arrived(&sandbox, &token);
    let program = deploy(&["--token-file", "token"]).job(&sandbox);
    program.scratch().write("token", &wrapped);
    program.secret("the subject token", &token).run().exits(0);
    arrived(&sandbox, &token);
    let program = deploy(&["--token-file", "-"]).job(&sandbox);
    program.secret("the subject token", &token).stdin(wrapped).run().exits(0);
    arrived(&sandbox, &token);
}

/// A clock may be a minute behind the issuer's.
#[test]
fn a_minute_of_leeway() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main").expires_at(sandbox::now() - 30));
    deploy(&[]).job(&sandbox).token(&token).run().exits(4);
    arrived(&sandbox, &token);
}

/// Anybody on the machine can read a command line: of the program, of the shell that calls it, of COMMAND.
#[test]
fn no_command_line_has_it() {
    let sandbox = Sandbox::start().unwrap();
    let shell = shells::posix().remove(0);
    // It waits for the token, and then COMMAND waits for a line, so the test has time to check.
    let script = "mkfifo token line; oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy \
                  --token-file token -- cat line; echo done";
    let program = shell.runs(script).job(&sandbox);
    let token = sandbox.issuer.token(&Job::branch("main"));
    let running = program.secret("the subject token", &token).spawn();
    running.await_name("oidc-exchange");
    let lines = String::from_utf8(running.command_lines()).unwrap();
    assert!(lines.contains("--role-arn"));
    running.feed("token", &token);
    running.await_name("cat");
    running.command_lines();
    running.feed("line", "read\n");
    running.wait().exits(0).stdout_is("read\ndone\n");
}
