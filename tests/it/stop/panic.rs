//! A bug: the panic's message is not shown, because it could contain a secret.

use std::env;
use std::ffi::OsString;

use oidc_exchange::plan::fail_closed::FailureOutput;
use sandbox::{Job, Sandbox};

use super::everywhere;
use crate::support::{Program, Scratch, expect, stopped};

const MARK: &str = "OIDC_EXCHANGE_IT_PANICS_AS";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Not a test itself. This executable is run again with the mark, and then ends like the program after a panic with
/// these arguments.
#[test]
fn helper() {
    let Some(line) = env::var_os(MARK) else { return };
    let words = line.to_string_lossy().split(' ').map(OsString::from).collect::<Vec<_>>();
    FailureOutput::for_arguments(&words).install_panic_hook();
    let token = env::var("SEMAPHORE_OIDC_TOKEN").unwrap_or_default();
    panic!("unexpected {SECRET} and {token}");
}

/// A replacement for the program that panics. The test framework's first lines are removed.
fn install(scratch: &Scratch) {
    let script = format!(
        "#!/bin/sh\nout=$({MARK}=\"oidc-exchange $*\" '{}' --exact stop::panic::helper --nocapture)\ncode=$?\n\
         printf '%s\\n' \"$out\" | sed '1,/^running 1 test$/d'\nexit $code\n",
        env::current_exe().unwrap().display()
    );
    scratch.script("bin/oidc-exchange", &script);
}

#[test]
fn says_where_and_not_what() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let program = Program::new("/bin/sh", ["-c", "oidc-exchange aws --role-arn x"]);
    install(program.scratch());
    let program = program.token(&token).secret("what the panic says", SECRET);
    let program = program.env("RUST_BACKTRACE", "full");
    let output = program.word(env!("CARGO_PKG_VERSION"), "VERSION").run();
    output.exits(1).stdout_is(&stopped(1)).stderr_is(expect![[r#"
        error: a bug in oidc-exchange, at tests/it/stop/panic.rs:LINE; no credentials were returned

        hint: please report it with this line and the version, VERSION
    "#]]);
}

#[test]
fn stops_every_caller() {
    everywhere("oidc-exchange aws --role-arn x", 1, "nothing", |program| {
        install(program.scratch());
        program.secret("what the panic says", SECRET)
    });
}
