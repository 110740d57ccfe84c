//! `eval $(…)` without the quotes: stopped where it would mangle a value, harmless where it would not.

use sandbox::Sandbox;

use super::answer;
use crate::support::{expect, shells, stop};

const EVAL: &str = "eval $(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)";

#[test]
fn a_value_that_it_would_mangle_stops_it() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        for odd in ["two  words", "one\ntwo", "a * b", "tab\tbed"] {
            sandbox.aws.script([answer(odd)]);
            let script = format!("echo before; {EVAL}; echo AFTER \"$AWS_SESSION_TOKEN\"");
            let output = shell.runs(&script).job(&sandbox).run();
            output.exits(2).stdout_is("before\n").stderr_is(expect![[r#"
                oidc-exchange: write the quotes: eval "$(oidc-exchange ...)"
            "#]]);
        }
    }
}

#[test]
fn a_plain_value_survives() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let asked = sandbox.aws.issued().len();
        let output = shell.runs(&format!("set -eu; {EVAL}; printf '%s' \"$AWS_SESSION_TOKEN\"")).job(&sandbox).run();
        output.exits(0).stdout_is(&sandbox.aws.issued()[asked].session_token).stderr_is(expect![""]);
    }
}

/// The stop itself has no blank that splitting could change.
#[test]
fn the_stop_survives_splitting() {
    let split: Vec<String> = stop(4).split_whitespace().map(str::to_owned).collect();
    assert_eq!(split.join(" "), stop(4).trim_end());
}
