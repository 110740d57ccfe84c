//! docs/aws.md: each of its scripts does what it is there for, with the real AWS CLI.

use std::os::unix::fs::symlink;

use sandbox::{DEPLOY_ROLE, Job, Sandbox};
use serde_json::json;

use super::chain::admits;
use crate::support::{peers, shells};

const PAGE: &str = include_str!("../../../docs/aws.md");

#[test]
fn every_script_runs() {
    let scripts: Vec<&str> = PAGE.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(scripts.len() > 6);
    let cli = peers::aws().program("aws");
    for script in scripts {
        let sandbox = Sandbox::start().unwrap();
        let shared = json!({ "StringEquals": { "sts:ExternalId": "shared" } });
        let target = "arn:aws:iam::210987654321:role/target";
        sandbox.aws.create_role(target, &admits(DEPLOY_ROLE, &json!("sts:*"), &shared)).unwrap();
        let shell = shells::posix().remove(0);
        let program = shell.with(["-eu", "-c", script]).job_of(&sandbox, &Job::branch("main").with_id("job-1"));
        symlink(&cli, program.scratch().path().join("bin/aws")).unwrap();
        let output = program.env("AWS_DEFAULT_REGION", "eu-west-1").run();
        assert!(output.code == Some(0) && output.stderr.is_empty(), "{script}{}", output.describe());
        let asked = script.matches("get-caller-identity").count();
        assert_eq!(output.stdout().matches(":assumed-role/").count(), asked, "{script}");
        let role = if script.contains("role/target") { ":assumed-role/target/" } else { ":assumed-role/deploy/" };
        assert_eq!(output.stdout().matches(role).count(), asked, "{script}");
    }
}

#[test]
fn the_credential_process_is_the_one_that_is_tested() {
    let line =
        "credential_process = oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format process\n";
    assert!(PAGE.contains(line) && include_str!("process.rs").contains(line.trim_end()));
}
