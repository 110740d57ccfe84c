//! `registry` in a target: in addition to what the target exports.

use std::fs;

use sandbox::{DEPLOY_ACCOUNT, DEPLOY_ROLE, PROVIDER, Sandbox};

use super::{requests, with};
use crate::support::{Output, Program, expect, oidc_exchange};

const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const GAR: &str = "europe-west1-docker.pkg.dev";

fn run_of<'s>(words: &[&str], file: &str, sandbox: &'s Sandbox) -> Program<'s> {
    with(words, file, sandbox).env("SEMAPHORE_JOB_ID", "job-1")
}

/// The helper's answer for `host`, in the directory of `before`.
fn asked(sandbox: &Sandbox, host: &str, before: Output) -> Output {
    let program = before.scratch.path().join("bin/docker-credential-oidc-exchange");
    let helper = Program::new(program, ["get"]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    helper.stdin(host).within(before.scratch).hands_over().run()
}

fn cleaned(sandbox: &Sandbox, before: Output) -> Output {
    oidc_exchange(["clean"]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1").within(before.scratch).run()
}

fn config(output: &Output) -> String {
    fs::read_to_string(output.scratch.home().join(".docker/config.json")).unwrap_or_default()
}

/// Two clouds' registries in one run. The helper answers for each, and `clean` removes both.
#[test]
fn registries_of_two_clouds() {
    let sandbox = Sandbox::start().unwrap();
    let file = format!(
        "version = 1
[target.aws]
aws.role-arn = '{DEPLOY_ROLE}'
aws.registry = ['{ECR}']
[target.google.gcp]
provider = '{PROVIDER}'
service-account = '{DEPLOY_ACCOUNT}'
registry = ['{GAR}']
"
    );
    let output = run_of(&["aws", "google"], &file, &sandbox).run();
    output.exits(0).stderr_is(expect![""]);
    let text = output.stdout();
    assert!(text.contains("export AWS_ACCESS_KEY_ID=") && text.contains("export GOOGLE_APPLICATION_CREDENTIALS="));
    expect![[r#"
        {
        	"credHelpers": {
        		"123456789012.dkr.ecr.eu-west-1.amazonaws.com": "oidc-exchange",
        		"europe-west1-docker.pkg.dev": "oidc-exchange"
        	}
        }
    "#]]
    .assert_eq(&config(&output));
    let output = asked(&sandbox, ECR, output);
    output.exits(0);
    let password = sandbox.ecr.issued().pop().unwrap();
    output.stdout_is(&format!("{{\"Secret\":\"{password}\",\"ServerURL\":\"{ECR}\",\"Username\":\"AWS\"}}\n"));
    let output = asked(&sandbox, GAR, output);
    assert!(output.exits(0).stdout().contains("\"Username\":\"oauth2accesstoken\""));
    let output = cleaned(&sandbox, output);
    output.exits(0);
    let left: Vec<_> =
        output.scratch.files().into_iter().filter(|file| !file.ends_with("oidc-exchange.toml")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// For each way in which the job gets the credentials.
#[test]
fn a_registry_goes_with_every_way_to_the_job() {
    let sandbox = Sandbox::start().unwrap();
    for (way, name) in [
        ("env-prefix = 'X_'", Some("X_AWS_ACCESS_KEY_ID")),
        ("refreshable = true\nregion = 'eu-west-1'", Some("AWS_WEB_IDENTITY_TOKEN_FILE")),
        ("profile = 'x'", None),
    ] {
        let file = format!("version = 1\n[target.x.aws]\nrole-arn = '{DEPLOY_ROLE}'\nregistry = ['{ECR}']\n{way}\n");
        run_of(&["--check"], &file, &sandbox).run().exits(0);
        let output = run_of(&["x"], &file, &sandbox).run();
        output.exits(0).stderr_is(expect![""]);
        assert_eq!(output.stdout().is_empty(), name.is_none(), "{way}");
        assert!(name.is_none_or(|name| output.stdout().contains(&format!("export {name}="))), "{}", output.stdout());
        let output = asked(&sandbox, ECR, output);
        assert!(output.exits(0).stdout().contains(ECR), "{way}");
        let output = cleaned(&sandbox, output);
        output.exits(0);
        assert_eq!(config(&output), "", "{way}");
        let credentials = fs::read_to_string(output.scratch.home().join(".aws/credentials")).unwrap_or_default();
        assert!(!credentials.contains("[x]"), "{way}");
    }
}

#[test]
fn a_command_has_the_registry_and_leaves_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let file = format!("version = 1\n[target.x.aws]\nrole-arn = '{DEPLOY_ROLE}'\nregistry = ['{ECR}']\n");
    let script = format!("test -n \"$AWS_ACCESS_KEY_ID\" && printf %s {ECR} | docker-credential-oidc-exchange get");
    let output = run_of(&["x", "--", "sh", "-c", &script], &file, &sandbox).hands_over().run();
    assert!(output.exits(0).stdout().contains(ECR), "{}", output.describe());
    let left: Vec<_> =
        output.scratch.files().into_iter().filter(|file| !file.ends_with("oidc-exchange.toml")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_registry_that_cannot_be_meant_is_told_with_its_place() {
    let sandbox = Sandbox::start().unwrap();
    let mut said = String::new();
    for host in [GAR, "web.azurecr.io", "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com", "*", "", "docker.io"] {
        let file = format!("version = 1\n[target.x]\naws.role-arn = '{DEPLOY_ROLE}'\naws.registry = ['{host}']\n");
        let output = run_of(&["--check"], &file, &sandbox).run();
        output.exits(2).stdout_is("");
        said.push_str(&output.told());
    }
    for host in [ECR, "eu.gcr.io/project"] {
        let file = format!("version = 1\n[target.x]\ngcp.provider = '{PROVIDER}'\ngcp.registry = ['{host}']\n");
        let output = run_of(&["--check"], &file, &sandbox).run();
        output.exits(2).stdout_is("");
        said.push_str(&output.told());
    }
    let two = format!(
        "version = 1
[target.a]
aws.role-arn = '{DEPLOY_ROLE}'
aws.env-prefix = 'A_'
aws.registry = ['{ECR}']
[target.b]
aws.role-arn = '{DEPLOY_ROLE}'
aws.env-prefix = 'B_'
aws.registry = ['{ECR}']
"
    );
    said.push_str(&run_of(&["a", "b"], &two, &sandbox).run().told());
    said.push_str(&run_of(&["--check"], &two, &sandbox).run().stdout());
    expect![[r#"
        error: oidc-exchange.toml:4:5: target x: --registry: `europe-west1-docker.pkg.dev` is a registry of Google

        hint: for this registry, use oidc-exchange gcp --registry europe-west1-docker.pkg.dev
        error: oidc-exchange.toml:4:5: target x: --registry: `web.azurecr.io` is a registry of Azure

        hint: for this registry, use oidc-exchange azure --registry web.azurecr.io
        error: oidc-exchange.toml:4:5: target x: --registry: `https://123456789012.dkr.ecr.eu-west-1.amazonaws.com` has a scheme

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: oidc-exchange.toml:4:5: target x: --registry: `*` has a wildcard, which Docker does not support

        hint: name each registry: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com; the option may be repeated
        error: oidc-exchange.toml:4:5: target x: --registry: `` is empty

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: oidc-exchange.toml:4:5: target x: --registry: `docker.io` is a registry of Docker Hub

        hint: oidc-exchange has no passwords for Docker Hub: use docker login
        error: oidc-exchange.toml:4:5: target x: --registry: `123456789012.dkr.ecr.eu-west-1.amazonaws.com` is a registry of AWS

        hint: for this registry, use oidc-exchange aws --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: oidc-exchange.toml:4:5: target x: --registry: `eu.gcr.io/project` has a path

        hint: write only the host's name: --registry eu.gcr.io
        error: 123456789012.dkr.ecr.eu-west-1.amazonaws.com is for the target a and for the target b
        oidc-exchange.toml: 2 targets checked, no error
        not in one run: 123456789012.dkr.ecr.eu-west-1.amazonaws.com is for the target a and for the target b
    "#]].assert_eq(&said);
    assert_eq!(requests(&sandbox), 0);
}
