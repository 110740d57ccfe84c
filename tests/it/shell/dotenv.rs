//! `--format dotenv`: its parsers read the exact value, or the value is refused.

use std::process::Command;

use oidc_exchange::emit::{Exports, Format, Rendered, render};
use oidc_exchange::shell::Name;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{peers, shells};

/// The values that each reader gets from `file`: those of V0, V1, … as a JSON list.
fn readers() -> Vec<(&'static str, Command)> {
    const PYTHON: &str = "import sys, json, dotenv\n\
        found = dotenv.dotenv_values(sys.argv[1])\nprint(json.dumps([found['V%d' % i] for i in range(len(found))]))";
    const LIST: &str =
        "const list = found => console.log(JSON.stringify(Object.keys(found).filter(name => /^V\\d+$/.test(name))
        .map((_, index) => found['V' + index])));";
    let mut python = Command::new(peers::dotenv().python());
    python.args(["-c", PYTHON]);
    let mut all = vec![("python-dotenv", python)];
    if let Some(node) = shells::required("node", shells::on_path("node")) {
        let mut itself = Command::new(&node);
        itself.env_clear().args(["-e", &format!("{LIST} process.loadEnvFile(process.argv[1]); list(process.env)")]);
        all.push(("Node", itself));
        let package = peers::npm("dotenv", "18.0.10");
        let mut dotenv = Command::new(node);
        let read =
            "const fs = require('fs'); list(require(process.env.PACKAGE).parse(fs.readFileSync(process.argv[1])))";
        dotenv.env("PACKAGE", package).args(["-e", &format!("{LIST} {read}")]);
        all.push(("npm's dotenv", dotenv));
    }
    if let Some(ruby) = shells::tool("ruby") {
        const RUBY: &str =
            "found = Dotenv.load(ARGV[0])\nputs JSON.generate((0...found.size).map { |index| found[\"V#{index}\"] })";
        let mut ruby = Command::new(ruby);
        ruby.env("LC_ALL", "C.UTF-8").args(["-rdotenv", "-rjson", "-e", RUBY]);
        all.push(("Ruby's dotenv", ruby));
    }
    if let Some(go) = shells::tool("go") {
        all.push(("godotenv", Command::new(peers::go_program(&go, "godotenv.go", include_str!("godotenv.go")))));
    }
    if shells::tool("docker-compose").is_some() {
        // Debian's docker-compose and its libraries are for Debian's Python.
        let mut compose = Command::new("/usr/bin/python3");
        compose.args(["-c", include_str!("compose.py")]);
        all.push(("docker compose", compose));
    }
    all
}

fn text(values: &[String]) -> Result<String, String> {
    let mut exports = Exports::new(Vec::new());
    for (index, value) in values.iter().enumerate() {
        exports.set(Name::new(&format!("V{index}")).unwrap(), value.clone()).unwrap();
    }
    match render(Format::Dotenv, &exports) {
        Ok(Rendered::Text(text)) => Ok(text.reveal().to_owned()),
        Ok(Rendered::Source(_)) => unreachable!(),
        Err(error) => Err(error.to_string()),
    }
}

#[track_caller]
fn check(values: &[String]) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, text(values).unwrap()).unwrap();
    for (name, mut reader) in readers() {
        let output = reader.arg(&file).output().unwrap();
        let found: Result<Vec<String>, _> = serde_json::from_slice(&output.stdout);
        let found =
            found.unwrap_or_else(|error| panic!("{name}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(found, values, "{name}");
    }
}

#[test]
fn what_has_bitten_others_survives() {
    let values = [
        "",
        " ",
        "two words",
        "  led and trailed  ",
        "pa#ss",
        "# no comment",
        "a #b",
        "x$(id)y",
        "$HOME",
        "`id`",
        "\"double\"",
        "a=b=c",
        "export A=b",
        "!history",
        "*?[a-z]{b,c}~",
        "a;b&c|d>e<f(g)",
        "\t",
        "päß 日本語 🦀",
        "%PATH%",
        "$$",
        "{{x}}",
        ",:@/+-_.",
    ];
    check(&values.map(str::to_owned));
}

#[test]
fn what_readers_differ_in_is_refused() {
    for (value, what) in [
        ("it's", "an apostrophe"),
        ("a\\b", "a backslash"),
        ("${HOME}", "`${`"),
        ("a\nb", "a line break"),
        ("a\rb", "a carriage return"),
    ] {
        assert_eq!(
            text(&[value.into()]).unwrap_err(),
            format!("the value for V0 holds {what}, which readers of dotenv files take in different ways")
        );
    }
}

#[test]
fn any_value_survives_or_is_refused() {
    let mut runner = TestRunner::new(Config { cases: 4, failure_persistence: None, ..Config::default() });
    let value = "[ -~äß\\t]{0,24}".prop_filter("refused", |value| text(std::slice::from_ref(value)).is_ok());
    let values = prop::collection::vec(value, 60);
    runner
        .run(&values, |values| {
            check(&values);
            Ok(())
        })
        .unwrap();
}
