//! Container registries: `--registry`, and this program as docker's credential helper.

pub(crate) mod azure;
mod bad_input;
mod callers;
mod command;
mod config;
mod contended;
mod endpoints;
mod google;
mod helper;
mod peers;
mod refusals;
mod renewal;

use std::path::PathBuf;

use sandbox::{DEPLOY_ROLE, Sandbox};

use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange};

/// A registry of the sandbox's account.
pub(crate) const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// `aws --registry HOST` in a job.
pub(crate) fn register<'s>(sandbox: &'s Sandbox, hosts: &[&str]) -> Program<'s> {
    let program = oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    hosts.iter().fold(program, |program, host| program.args(["--registry", host]))
}

/// The helper in the same job; `input` is its standard input.
fn helper<'s>(sandbox: &'s Sandbox, verb: &str, input: &str, scratch: Scratch) -> Program<'s> {
    let program = scratch.path().join("bin/docker-credential-oidc-exchange");
    let helper = Program::new(program, [verb]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    helper.stdin(input).within(scratch)
}

fn clean(sandbox: &Sandbox, scratch: Scratch) -> Output {
    oidc_exchange(["clean"]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1").within(scratch).run()
}

fn config(scratch: &Scratch) -> PathBuf {
    scratch.home().join(".docker/config.json")
}

fn config_text(scratch: &Scratch) -> String {
    std::fs::read_to_string(config(scratch)).unwrap()
}

/// The helper's answer with the last password.
fn answer(sandbox: &Sandbox, host: &str) -> String {
    let password = sandbox.ecr.issued().pop().unwrap();
    format!("{{\"Secret\":\"{password}\",\"ServerURL\":\"{host}\",\"Username\":\"AWS\"}}\n")
}

#[test]
fn a_registry_gets_its_password_from_the_job_and_loses_it_with_clean() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    assert_eq!(
        config_text(&output.scratch),
        format!("{{\n\t\"credHelpers\": {{\n\t\t\"{HOST}\": \"oidc-exchange\"\n\t}}\n}}\n")
    );
    assert_eq!(mode(&config(&output.scratch)), 0o600);
    let private = output.scratch.home().join(".oidc-exchange/job-1").join(format!("registry-{HOST}"));
    assert_eq!(mode(&private), 0o600);

    let calls = sandbox.ecr.requests();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].header("x-amz-target"), Some("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"));
    let signed = calls[0].header("authorization").unwrap();
    assert!(
        signed.contains(
            "/eu-west-1/ecr/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,"
        ),
        "{signed}"
    );

    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
    assert_eq!(sandbox.ecr.requests().len(), 1, "it is kept");
    let output = helper(&sandbox, "list", "unused", output.scratch).run();
    output.exits(0).stdout_is(&format!("{{\"https://{HOST}\":\"AWS\"}}\n"));

    let output = clean(&sandbox, output.scratch);
    output.exits(0).stderr_is(expect![[""]]);
    assert!(!config(&output.scratch).exists() && !private.exists());
    assert_eq!(output.scratch.files().len(), 0, "{:?}", output.scratch.files());
    assert!(!output.scratch.home().join(".docker").exists(), "the directory was made for the file");
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(1).stdout_is("credentials not found in native keychain\n").stderr_is(expect![[""]]);
}

#[test]
fn several_registries_are_one_call_for_each_api() {
    let sandbox = Sandbox::start().unwrap();
    let other = "999999999999.dkr.ecr.eu-west-1.amazonaws.com";
    let output = register(&sandbox, &[HOST, "public.ecr.aws", other, HOST]).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    let targets: Vec<_> =
        sandbox.ecr.requests().iter().map(|call| call.header("x-amz-target").unwrap().to_owned()).collect();
    assert_eq!(
        targets,
        ["AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", "SpencerFrontendService.GetAuthorizationToken"]
    );
    let [private, public] = sandbox.ecr.issued().try_into().unwrap();
    let mut scratch = output.scratch;
    for (host, password) in [(HOST, &private), (other, &private), ("public.ecr.aws", &public)] {
        let output = helper(&sandbox, "get", host, scratch).run();
        output
            .exits(0)
            .stdout_is(&format!("{{\"Secret\":\"{password}\",\"ServerURL\":\"{host}\",\"Username\":\"AWS\"}}\n"));
        scratch = output.scratch;
    }
    assert_eq!(sandbox.aws.requests().len(), 1);
}

/// A job may register twice. The later password counts, and one `clean` removes both.
#[test]
fn a_registry_can_be_registered_again() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).run();
    let before = config_text(&output.scratch);
    let output = register(&sandbox, &[HOST, "public.ecr.aws"]).within(output.scratch).run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(config_text(&output.scratch).starts_with(before.trim_end_matches("\n\t}\n}\n")));
    let password = sandbox.ecr.issued()[1].clone();
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    assert!(output.exits(0).stdout().contains(&password));
    let output = clean(&sandbox, output.scratch);
    output.exits(0);
    assert_eq!(output.scratch.files().len(), 0, "{:?}", output.scratch.files());
}
