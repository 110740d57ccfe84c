//! docs/targets.md: its file is parsed, its scripts are run, and its table lists what is refused.

use regex_lite::Regex;
use sandbox::Sandbox;

use super::agent::stand_ins;
use super::blocks::{blocks, of};
use crate::support::{Program, oidc_exchange};

const PAGE: &str = include_str!("../../../docs/targets.md");
const FILE: &str = include_str!("../../../docs/oidc-exchange.toml");

#[test]
fn the_file_is_the_pages() {
    assert_eq!(of(PAGE, "toml"), [FILE]);
}

#[test]
fn the_scripts() {
    let sandbox = Sandbox::start().unwrap();
    let scripts = of(PAGE, "sh");
    let ends = [
        "aws s3 sync build s3://my-bucket\nmigrate \n",
        "deploy.sh \n",
        "deploy aws\naudit aws\nterraform azure\nsecrets vault\noidc-exchange.toml: 4 targets checked, no error\n",
        SETUP,
    ];
    assert_eq!(scripts.len(), ends.len());
    for (script, end) in scripts.iter().zip(ends) {
        // As in a job, the working directory is below the one with the replacements. An administrator has the trust
        // policy.
        let role = "oidc-exchange setup aws --target deploy --format json >role.json";
        let script = format!("mkdir -p work && cp oidc-exchange.toml work && cd work && {role}\n{script}");
        let program = Program::new("/bin/sh", ["-euc", &script]).job(&sandbox);
        program.scratch().write("oidc-exchange.toml", FILE);
        stand_ins(&program);
        let output = program.run();
        if end == SETUP {
            let text = output.exits(0).stdout();
            let parts = ["aws iam create-role", "write auth/jwt/role/ci", "accepted: the trust policy"];
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        } else {
            output.exits(0).stdout_is(end);
        }
    }
}

/// What `setup` and `explain` print is in their own tests.
const SETUP: &str = "";

#[test]
fn in_the_sandbox() {
    let sandbox = Sandbox::start().unwrap();
    let block = blocks(PAGE).into_iter().find(|block| block.text.starts_with("cargo run -p sandbox -- ")).unwrap();
    let line = block.text.strip_prefix("cargo run -p sandbox -- ").unwrap();
    let program = Program::new("/bin/sh", ["-c", line]).job(&sandbox);
    program.scratch().write("docs/oidc-exchange.toml", FILE);
    program.run().exits(0).stdout_is("5\n");
}

/// Every key and variable of the table is refused by `--check`.
#[test]
fn what_a_file_cannot_have() {
    let table = PAGE.lines().skip_while(|line| *line != "| the file cannot have | because |").skip(2);
    let first = table.take_while(|line| line.starts_with("| ")).filter_map(|line| line.split(" | ").next());
    let cells = first.collect::<Vec<_>>().join(" ");
    let words = Regex::new("`([A-Za-z_-]+)`").unwrap();
    let mut count = 0;
    for word in words.captures_iter(&cells).map(|found| found[1].to_owned()) {
        let line = match word.as_str() {
            "sts-endpoint" | "iamcredentials-endpoint" | "universe-domain" | "credentials-file" => {
                format!("gcp.{word} = 'x'")
            }
            "authority-host" => format!("azure.{word} = 'https://x.test'"),
            "overwrite-profile" => format!("aws.{word} = true"),
            _ if word == word.to_uppercase() => format!("vault.secrets = ['{word}=secret/a#b']"),
            _ => format!("vault.{word} = 'x'"),
        };
        let program = oidc_exchange(["use", "--check"]);
        program.scratch().write("oidc-exchange.toml", format!("version = 1\n[target.x]\n{line}\n"));
        let output = program.run();
        assert!(
            output.code == Some(2) && output.stderr().contains("oidc-exchange.toml:3:"),
            "{line}: {}",
            output.stderr()
        );
        count += 1;
    }
    assert_eq!(count, 21);
}
