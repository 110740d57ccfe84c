//! docs/aws.md: runs its scripts with the real AWS CLI.

use std::os::unix::fs::symlink;

use sandbox::{DEPLOY_ROLE, Issuer, Job, Sandbox};
use serde_json::json;

use super::chain::admits;
use super::ministack::administrator;
use crate::support::{expect, peers, shells};

const PAGE: &str = include_str!("../../../docs/aws.md");

fn scripts() -> Vec<&'static str> {
    PAGE.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The administrator's side has the administrator's credentials; a job has only its token.
fn is_for_an_administrator(script: &str) -> bool {
    ["setup", "aws iam"].iter().any(|word| script.contains(word))
}

#[test]
fn every_script_runs() {
    let scripts: Vec<&str> = scripts().into_iter().filter(|script| !is_for_an_administrator(script)).collect();
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

/// MiniStack's account has the number of the page. The role is created as on the page, and then explained.
#[test]
fn a_role_is_made_and_explained_as_the_page_says() {
    let script: String = scripts().into_iter().filter(|script| is_for_an_administrator(script)).collect();
    assert_eq!(script.matches("oidc-exchange").count(), 2);
    let (server, issuer) = (peers::ministack(), Issuer::start().unwrap());
    let program = shells::posix().remove(0).with(["-eu", "-c", &script]).token(&issuer.token(&Job::branch("main")));
    symlink(peers::aws().program("aws"), program.scratch().path().join("bin/aws")).unwrap();
    // MiniStack uses a key of twelve digits as the number of its account.
    let output = administrator(&server, program).env("AWS_ACCESS_KEY_ID", "123456789012").run();
    output.exits(0).stderr_is(expect![""]);
    let accepted = "\naccepted: the trust policy allows this token to assume arn:aws:iam::123456789012:role/deploy\n";
    assert!(output.stdout().contains(accepted), "{}", output.describe());
}

#[test]
fn the_credential_process_is_the_one_that_is_tested() {
    let line =
        "credential_process = oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format process\n";
    assert!(PAGE.contains(line) && include_str!("process.rs").contains(line.trim_end()));
}
