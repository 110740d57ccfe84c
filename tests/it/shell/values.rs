//! Values come back byte for byte.

use std::time::SystemTime;

use oidc_exchange::emit::{Format, Handout, Name, render};
use oidc_exchange::host::Host;
use oidc_exchange::job::Place;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sandbox::Sandbox;

use super::answer;
use crate::support::expect;
use crate::support::shells::{self, Shell};

/// What has bitten others.
const ODD: [&str; 24] = [
    "",
    " ",
    "two words",
    "  led and trailed  ",
    "-n",
    "-e x",
    "--",
    "it's",
    "'",
    "''''",
    "\"double\"",
    "$HOME ${HOME} $(id) `id`",
    "a\\b\\\\c\\n",
    "ends with \\",
    "\n",
    "one\ntwo\n",
    "\r\n",
    "\t",
    "*?[a-z]{b,c}~",
    "!history !!",
    "# no comment",
    "a;b&c|d>e<f(g)",
    "päß 日本語 🦀 \u{202e}",
    "\u{1}\u{7f}\u{1b}[2J",
];

fn text(format: Format, values: &[String]) -> String {
    let mut handout = Handout::new(vec![Name::fixed("BEATEN")]);
    for (index, value) in values.iter().enumerate() {
        handout.set(Name::new(&format!("V{index}")).unwrap(), value.clone()).unwrap();
    }
    let nowhere = Place::locate(&Host::fake(&[], SystemTime::UNIX_EPOCH).env).unwrap();
    render(format, &handout, &nowhere).unwrap().reveal().to_owned()
}

/// The values as `shell` has them after it has evaluated `text`, and as a child of it has them.
fn evaluated(shell: &Shell, text: &str, values: &[String]) -> Vec<u8> {
    let show = (0..values.len()).map(|n| format!("printf '%s\\0' \"$V{n}\"\n")).collect::<Vec<_>>().concat();
    let program = shell.with(["-eu", "./script"]).env("BEATEN", "stale");
    program.scratch().write("text", text);
    let child = "sh -c \"$(cat show)\"; printf '%s' \"${BEATEN-gone}\"";
    program.scratch().write("script", format!("eval \"$(cat text)\"\n{show}{child}\n"));
    program.scratch().write("show", show);
    let output = program.run();
    output.exits(0).stderr_is(expect![""]);
    output.stdout
}

fn expected(values: &[String]) -> Vec<u8> {
    let once = values.iter().map(|value| format!("{value}\0")).collect::<Vec<_>>().concat();
    format!("{once}{once}gone").into_bytes()
}

#[test]
fn odd_values_come_back() {
    let values: Vec<String> = ODD.map(str::to_owned).to_vec();
    for shell in shells::posix() {
        let found = evaluated(&shell, &text(Format::Env, &values), &values);
        assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&expected(&values)), "{}", shell.name);
    }
}

#[test]
fn any_values_come_back() {
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let awkward = prop::sample::select(vec!["'", "\"", "\\", "$", "`", "\n", " ", "!", "-", "*", "é", "(", "#", "\r"]);
    let value = prop_oneof!["[^\\x00]{0,40}", prop::collection::vec(awkward, 0..24).prop_map(|parts| parts.concat()),];
    let shells = shells::posix();
    runner
        .run(&prop::collection::vec(value, 1..40), |values| {
            let text = text(Format::Env, &values);
            for shell in &shells {
                prop_assert_eq!(evaluated(shell, &text, &values), expected(&values), "{}", shell.name);
            }
            Ok(())
        })
        .unwrap();
}

/// All the way from the service's answer.
#[test]
fn an_odd_session_token_comes_back() {
    let sandbox = Sandbox::start().unwrap();
    let odd = "-n it's \"two  words\" $(id) `id` \\n a\\\n* é🦀\n'";
    for shell in shells::posix() {
        sandbox.aws.script([answer(odd)]);
        let script = "set -eu; eval \"$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)\"; \
                      printf '%s|' \"$AWS_SESSION_TOKEN\" \"$AWS_ACCOUNT_ID\"; env | grep -c ^AWS_";
        let output = shell.runs(script).job(&sandbox).secret("the session token", odd).run();
        // The sandbox's endpoint is one of the AWS variables.
        output.exits(0).stdout_is(&format!("{odd}|123456789012|6\n")).stderr_is(expect![""]);
    }
}

/// Readers of `env-no-export` take a line for a variable.
#[test]
fn a_line_break_is_refused_where_lines_are_values() {
    let sandbox = Sandbox::start().unwrap();
    for odd in ["one\ntwo", "one\r"] {
        sandbox.aws.script([answer(odd)]);
        let program = crate::aws::deploy(&["--format", "env-no-export"]).job(&sandbox);
        program.run().exits(6).stdout_is("").stderr_is(expect![[r#"
            error: the value for AWS_SESSION_TOKEN holds a line break, which this format cannot carry

            hint: use --format env or --format json
        "#]]);
    }
}

#[test]
fn json_carries_any_value() {
    let sandbox = Sandbox::start().unwrap();
    let odd = "it's \"quoted\" \\ \n é🦀";
    sandbox.aws.script([answer(odd)]);
    let output = crate::aws::deploy(&["--format", "json"]).job(&sandbox).run();
    output.exits(0);
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["AWS_SESSION_TOKEN"], odd);
}
