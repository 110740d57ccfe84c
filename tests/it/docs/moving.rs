//! docs/moving.md: its statements about shells, parsers and this program.

use sandbox::Sandbox;

use super::agent;
use super::blocks::of;
use crate::support::{Program, oidc_exchange, peers, shells};

const PAGE: &str = include_str!("../../../docs/moving.md");

/// The line of the recipe that the page quotes, between backquotes.
#[track_caller]
fn quoted(line: &str) -> &str {
    assert!(PAGE.contains(&format!("`{line}`")), "{line}");
    line
}

#[test]
fn a_status_is_lost_in_an_export() {
    for shell in shells::posix() {
        shell.runs("export X=$(false)").run().exits(0);
    }
    assert!(PAGE.contains("`export X=$(…)` succeeds if the command fails"));
}

#[test]
fn the_mapping_is_no_line_of_a_shell() {
    let line = quoted(r#"--attribute-mapping="google.subject="semaphore::<REPOSITORY>::<BRANCH>" \"#);
    let condition = quoted(r#"--attribute-condition="'semaphore::<PROJECT_NAME>::<BRANCH>' == google.subject""#);
    Program::new("/bin/sh", ["-nc", &format!("gcloud {line}\n{condition}")]).run().exits(2);
    Program::new("/bin/sh", ["-nc", &format!("gcloud {condition}")]).run().exits(0);
}

/// The recipe's `Condition` with `StringLike`.
#[test]
fn two_commas_too_many_are_no_json() {
    let text = r#"{ "StringLike": { "{org-name}.semaphoreci.com:sub": "org:{org-name}:…:ref:refs/heads/*", }, }"#;
    assert!(serde_json::from_str::<serde_json::Value>(text).is_err());
    assert!(serde_json::from_str::<serde_json::Value>(&text.replace(", }", " }")).is_ok());
}

#[test]
fn what_the_recipe_puts_in_is_an_error_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    quoted("export ROLE_ARN=\"YOUR_AWS_ROLE_NAME\"");
    let output = oidc_exchange(["aws", "--role-arn", "YOUR_AWS_ROLE_NAME"]).job(&sandbox).run();
    output.exits(2);
    let provider = "projects/my-project/locations/global/workloadIdentityPools/pool/providers/provider";
    let output = oidc_exchange(["gcp", "--provider", provider]).job(&sandbox).run();
    assert!(output.exits(2).stderr().contains("gcloud projects describe my-project"));
    assert!(sandbox.aws.requests().is_empty() && sandbox.google.sts.requests().is_empty());
}

/// A pattern for every branch, an audience, and session tags if the token has them.
#[test]
fn the_rule_that_takes_the_place_of_the_recipes() {
    let sandbox = Sandbox::start().unwrap();
    let setup = |more: &[&str]| {
        let output = oidc_exchange(["setup", "aws", "--role-arn", sandbox::DEPLOY_ROLE, "--format", "json"])
            .args(more)
            .job_of(&sandbox, &sandbox::Job::branch("main").aws_tags(more.is_empty()))
            .run();
        output.exits(0).stdout()
    };
    let any = setup(&["--branch", "*"]);
    assert!(any.contains("ref:refs/heads/*") && any.contains(":aud\"") && !any.contains("sts:TagSession"));
    assert!(setup(&[]).contains("sts:TagSession"));
}

#[test]
fn the_job_is_two_lines() {
    let sandbox = Sandbox::start().unwrap();
    let [after] = &of(PAGE, "sh")[..] else { panic!("one block") };
    let output = agent::Job { commands: vec![after.clone()], ..agent::Job::default() }
        .run(&sandbox, &sandbox::Job::branch("main"));
    output.exits(0).stdout_is("aws sts get-caller-identity\nstatus 0\n");
}

/// Prints where boto3 would send a request, which stays here.
const DYNAMODB: &str = r"
import boto3
client = boto3.client('dynamodb')
def show(request, **_):
    print(request.url)
    raise SystemExit(0)
client.meta.events.register('before-send', show)
client.list_tables()
";

#[test]
fn an_account_in_the_environment_moves_the_endpoint_of_dynamodb() {
    let sandbox = Sandbox::start().unwrap();
    let python = peers::aws().python().to_str().unwrap().to_owned();
    let asked = |variables: &[(&str, &str)]| {
        let exchange =
            ["aws", "--role-arn", sandbox::DEPLOY_ROLE, "--region", "eu-west-1", "--", &python, "-c", DYNAMODB];
        let program = oidc_exchange(exchange).job(&sandbox).env_remove("AWS_ENDPOINT_URL");
        variables
            .iter()
            .fold(program, |program, (name, value)| program.env(name, value))
            .run()
            .exits(0)
            .stdout()
            .clone()
    };
    assert_eq!(asked(&[]), "https://123456789012.ddb.eu-west-1.amazonaws.com/\n");
    let plain = [("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")];
    assert_eq!(asked(&plain), "https://dynamodb.eu-west-1.amazonaws.com/\n");
    assert!(PAGE.contains("`AWS_ACCOUNT_ID_ENDPOINT_MODE=disabled`"));
}
