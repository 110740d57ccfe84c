//! The values of a profile: a server chooses some of them, and no value can add a line.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use oidc_exchange::aws::profile::ini::{self, Kind, Wanted};
use oidc_exchange::emit::ini::Value;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sandbox::{Job, Sandbox};

use super::deploy;
use crate::shell::answer_with;
use crate::support::{expect, peers};

const THEIRS: &str = "[other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
const SECTION: &str = "[default]\ncredential_process = touch PWNED";

/// Every character that ends a line in some reader, and every other control character.
fn breaks() -> impl Iterator<Item = char> {
    ('\u{1}'..='\u{1f}').chain('\u{7f}'..='\u{9f}').chain(['\u{2028}', '\u{2029}'])
}

#[test]
fn no_value_of_a_server_writes_a_section_of_its_own() {
    let sandbox = Sandbox::start().unwrap();
    for (index, end) in breaks().enumerate() {
        let evil = format!("tok{end}{SECTION}");
        let mut values = ["ASIAIOSFODNN7EXAMPLE", "secret", "token"];
        values[index % 3] = &evil;
        sandbox.aws.script([answer_with(values)]);
        let program = deploy(&["--profile", "ci", "--region", "eu-west-1"]).job_of(&sandbox, &Job::branch("main"));
        program.scratch().write("home/.aws/credentials", THEIRS);
        let output = program.secret("the value", &evil).run();
        output.exits(6).stdout_is("");
        let home = output.scratch.home();
        assert_eq!(fs::read_to_string(home.join(".aws/credentials")).unwrap(), THEIRS, "{end:?}");
        assert!(!home.join(".aws/config").exists(), "{end:?}");
    }
}

#[test]
fn a_line_break_in_a_key_is_told_without_showing_it() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([answer_with(["ASIAIOSFODNN7EXAMPLE", "secret", "tok\n[default]\nregion = x"])]);
    let output = deploy(&["--profile", "ci"]).job_of(&sandbox, &Job::branch("main")).run();
    output.exits(6).stdout_is("").stderr_is(expect![[r#"
        error: the value for aws_session_token has a control character or a line break in it, which an INI file cannot hold

        hint: AWS STS sends no such value: check AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL and the proxy
    "#]]);
    assert!(output.scratch.files().is_empty(), "{:?}", output.scratch.files());
}

/// The name of a directory cannot add lines either, and no file is left in it.
#[test]
fn no_path_writes_a_section_of_its_own() {
    let sandbox = Sandbox::start().unwrap();
    for renewing in
        [&["--profile", "ci", "--refreshable"][..], &["--profile", "ci", "--refreshable", "--duration", "20m"]]
    {
        let program = deploy(renewing).job_of(&sandbox, &Job::branch("main"));
        let place = program.scratch().path().join("a\n[default]\ncredential_process = touch PWNED\nx = ");
        let output = program.env("OIDC_EXCHANGE_DIR", &place).run();
        output.exits(6).stdout_is("");
        assert!(output.stderr().contains("has a control character or a line break in it"), "{}", output.stderr());
        assert!(!output.scratch.home().join(".aws/config").exists());
        let left = output.scratch.files();
        assert!(left.iter().all(|file| !file.to_string_lossy().contains("aws-token")), "{left:?}");
    }
}

/// botocore's own reader, which the AWS CLI and boto3 use. Each file is read separately.
const READER: &str = r"
import json, sys
from botocore.configloader import raw_config_parse
print(json.dumps([raw_config_parse(path) for path in json.load(sys.stdin)]))
";

#[test]
fn what_the_writer_takes_botocore_reads_back() {
    const MANY: usize = 600;
    let strategy = proptest::prop_oneof![
        proptest::prelude::any::<String>(),
        "[ -~]{1,40}",
        "[A-Za-z0-9+/=#; \t\"'%\\[\\]$\\\\]{1,30}",
        "[\u{0}-\u{20}\u{7f}-\u{a0}\u{2000}-\u{2029}\u{3000}\u{feff}a#;=]{1,8}",
    ];
    let mut runner = TestRunner::deterministic();
    let directory = tempfile::tempdir().unwrap();
    let (mut paths, mut values) = (Vec::new(), Vec::new());
    while values.len() < MANY {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let Ok(value) = Value::new("aws_session_token", text.as_str()) else { continue };
        let settings = [("aws_session_token", value), ("region", Value::new("region", "eu-west-1").unwrap())];
        let file = {
            let wanted = Wanted { profile: "ci", settings: &settings, run: "r1", ..Wanted::default() };
            ini::set(b"[other]\nx = 1\n", Kind::Credentials, &wanted).unwrap().unwrap().text
        };
        let path = directory.path().join(values.len().to_string());
        fs::write(&path, file).unwrap();
        paths.push(path);
        values.push(text);
    }
    let mut reader = Command::new(peers::aws().python())
        .args(["-X", "utf8", "-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(&serde_json::to_vec(&paths).unwrap()).unwrap();
    let output = reader.wait_with_output().unwrap();
    let read: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read.len(), MANY);
    for (found, value) in read.iter().zip(&values) {
        let expected = serde_json::json!({
            "other": { "x": "1" }, "ci": { "aws_session_token": value, "region": "eu-west-1" },
        });
        assert_eq!(*found, expected, "{value:?}");
    }
}
