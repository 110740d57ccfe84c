//! The sources of the token, and the destinations of the output.

use sandbox::{Issuer, Job, Sandbox};

use super::{hosted, token};
use crate::support::{Program, expect, oidc_exchange};

#[test]
fn a_file_a_variable_and_standard_input() {
    let issuer = Issuer::start().unwrap();
    let text = issuer.token(&hosted(Job::branch("main")));
    let shown = |program: Program<'_>| {
        let output = program.secret("the subject token", &text).run();
        output.exits(0).stdout_holds_no_secret();
        assert!(output.stdout().starts_with("job        branch main\n"), "{}", output.describe());
    };
    shown(oidc_exchange(["token", "--token-env", "MINE"]).env("MINE", &text));
    shown(oidc_exchange(["token", "--token-file", "-"]).stdin(format!("{text}\n")));
    let program = oidc_exchange(["token", "--token-file", "file"]);
    program.scratch().write("file", &text);
    shown(program);
}

#[test]
fn no_token() {
    oidc_exchange(["token"]).run().exits(3).stdout_is("").stderr_is(expect![[r#"
        error: no subject token: SEMAPHORE_OIDC_TOKEN is not set

        hint: in `docker run`, pass it on: -e SEMAPHORE_OIDC_TOKEN; under sudo, keep it: sudo -E
        hint: outside a Semaphore job there is none; another CI system's token is named with --token-env or --token-file
    "#]]);
    oidc_exchange(["token", "--verify"]).env("SEMAPHORE_OIDC_TOKEN", "x.y").run().exits(3).stdout_is("");
}

#[test]
fn no_time_and_no_form() {
    oidc_exchange(["token", "--verify", "--timeout", "0"]).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --timeout: no time at all is left for --verify
    "#]]);
    oidc_exchange(["token", "--format", "yaml"]).run().exits(2).stdout_is("");
}

/// Claims are not secret.
#[test]
fn a_terminal() {
    let issuer = Issuer::start().unwrap();
    let output = token(&issuer, &issuer.token(&hosted(Job::branch("main"))), &[]).on_a_terminal().run();
    output.exits(0).stdout_holds_no_secret();
    assert!(output.stdout().starts_with("job        branch main\r\n"));
}

#[test]
fn a_full_disk_and_a_reader_that_is_gone() {
    let sandbox = Sandbox::start().unwrap();
    for arguments in ["", "--format json", "--verify"] {
        let full = format!("oidc-exchange token {arguments} >/dev/full");
        // The pipe's writing end opens when a reader exists. It is written to after the reader has ended.
        let gone = format!("mkfifo pipe; : <pipe & exec 4>pipe; wait; oidc-exchange token {arguments} >&4");
        for script in [full, gone] {
            let output = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run();
            output.exits(6);
            assert!(output.stderr().starts_with("error: cannot write"), "{script}: {}", output.describe());
        }
    }
}
