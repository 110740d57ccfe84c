//! No token: exit 3, the matching reason, and nothing is sent.

use expect_test::Expect;
use sandbox::Sandbox;

use crate::aws::deploy;
use crate::support::{Program, expect, stopped};

#[track_caller]
fn none(prepare: impl FnOnce(Program<'static>) -> Program<'static>, arguments: &[&str], message: Expect) {
    let sandbox = Sandbox::start().unwrap();
    let program = prepare(deploy(arguments).env("AWS_ENDPOINT_URL_STS", sandbox.aws.url()));
    program.run().exits(3).stdout_is(&stopped(3)).stderr_is(message);
    assert!(sandbox.aws.requests().is_empty());
}

#[test]
fn outside_a_job() {
    none(
        |program| program,
        &[],
        expect![[r#"
        error: no subject token: SEMAPHORE_OIDC_TOKEN is not set

        hint: in `docker run`, pass it on: -e SEMAPHORE_OIDC_TOKEN; under sudo, keep it: sudo -E
        hint: outside a Semaphore job there is none; another CI system's token is named with --token-env or --token-file
    "#]],
    );
}

#[test]
fn in_a_job_that_was_given_none() {
    none(
        |program| program.env("SEMAPHORE", "true"),
        &[],
        expect![[r#"
        error: no subject token: SEMAPHORE_OIDC_TOKEN is not set

        hint: this looks like a Semaphore job, but it was given no token: is OpenID Connect part of the organization's plan? (Community Edition has none)
        hint: a pipeline's own `env_vars` or secrets may have overridden it
    "#]],
    );
}

#[test]
fn in_another_variable() {
    none(
        |program| program.env("SEMAPHORE", "true"),
        &["--token-env", "MY_TOKEN"],
        expect![[r#"
        error: no subject token: MY_TOKEN is not set

        hint: --token-env names MY_TOKEN: check that this CI system puts its OpenID Connect token there
    "#]],
    );
}

#[test]
fn empty() {
    none(
        |program| program.env("SEMAPHORE_OIDC_TOKEN", ""),
        &[],
        expect![[r#"
        error: no subject token: SEMAPHORE_OIDC_TOKEN is empty

        hint: an empty token usually means that OpenID Connect is not enabled for this organization or job
    "#]],
    );
    none(
        |program| program.env("SEMAPHORE_OIDC_TOKEN", " \n\t"),
        &[],
        expect![[r#"
        error: no subject token: SEMAPHORE_OIDC_TOKEN is empty

        hint: an empty token usually means that OpenID Connect is not enabled for this organization or job
    "#]],
    );
    none(
        |program| program,
        &["--token-file", "-"],
        expect![[r#"
        error: no subject token: standard input is empty

        hint: an empty token usually means that OpenID Connect is not enabled for this organization or job
    "#]],
    );
    none(
        |program| program,
        &["--token-file", "/dev/null"],
        expect![[r#"
        error: no subject token: /dev/null is empty

        hint: an empty token usually means that OpenID Connect is not enabled for this organization or job
    "#]],
    );
}

#[test]
fn in_a_file_that_cannot_be_read() {
    none(
        |program| program,
        &["--token-file", "absent"],
        expect![[r#"
        error: cannot read the subject token from absent: No such file or directory (os error 2)
    "#]],
    );
    none(
        |program| program,
        &["--token-file", "/"],
        expect![[r#"
        error: cannot read the subject token from /: it is a directory
    "#]],
    );
}

#[test]
fn from_a_terminal() {
    let program = deploy(&["--token-file", "-", "--print-secrets"]).on_a_terminal();
    program.run().exits(3).stdout_reads(expect![[r#"
        error: cannot read the subject token from standard input: it is a terminal
    "#]]);
}

/// A pipe that is never closed.
#[test]
fn from_a_pipe_that_does_not_end() {
    let script = "mkfifo pipe; exec 3<>pipe; exec oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy \
                  --token-file - --timeout 200ms <pipe";
    Program::new("/bin/sh", ["-c", script]).run().exits(3).stdout_is(&stopped(3)).stderr_is(expect![[r#"
        error: cannot read the subject token from standard input: it did not end before --timeout
    "#]]);
    let script = "mkfifo pipe; exec 3<>pipe; exec oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy \
                  --token-file pipe --timeout 200ms";
    Program::new("/bin/sh", ["-c", script]).run().exits(3).stdout_is(&stopped(3)).stderr_is(expect![[r#"
        error: cannot read the subject token from pipe: it did not end before --timeout
    "#]]);
}
