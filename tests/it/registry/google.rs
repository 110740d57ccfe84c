//! Google's registries: the password is an access token.

use std::time::Duration;

use sandbox::{DEPLOY_ACCOUNT, PROVIDER, Sandbox};

use super::{clean, config, config_text, helper};
use crate::support::{Program, expect, oidc_exchange};

const HOST: &str = "europe-west1-docker.pkg.dev";

fn register<'s>(sandbox: &'s Sandbox, hosts: &[&str]) -> Program<'s> {
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    let program = oidc_exchange(["gcp", "--provider", PROVIDER]).args(endpoints).job(sandbox);
    let program = program.env("SEMAPHORE_JOB_ID", "job-1");
    hosts.iter().fold(program, |program, host| program.args(["--registry", host]))
}

fn answer(sandbox: &Sandbox, host: &str) -> String {
    let token = sandbox.google.issued().pop().unwrap().token;
    format!("{{\"Secret\":\"{token}\",\"ServerURL\":\"{host}\",\"Username\":\"oauth2accesstoken\"}}\n")
}

#[test]
fn the_password_is_the_service_accounts_token() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST, "gcr.io"]).args(["--service-account", DEPLOY_ACCOUNT]).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    assert_eq!(
        config_text(&output.scratch),
        format!(
            "{{\n\t\"credHelpers\": {{\n\t\t\"{HOST}\": \"oidc-exchange\",\n\t\t\"gcr.io\": \"oidc-exchange\"\n\t}}\n}}\n"
        )
    );
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
    let output = helper(&sandbox, "get", "https://gcr.io", output.scratch).run();
    output.exits(0).stdout_is(&answer(&sandbox, "gcr.io"));
    assert_eq!(sandbox.google.issued().len(), 1);
    let output = clean(&sandbox, output.scratch);
    output.exits(0).stderr_is(expect![[""]]);
    assert!(!config(&output.scratch).exists());
    assert_eq!(output.scratch.files().len(), 0, "{:?}", output.scratch.files());
}

/// A token with less than five minutes left is replaced, with the same endpoints and the same account.
#[test]
fn a_token_is_renewed_while_a_command_runs() {
    let sandbox = Sandbox::start().unwrap();
    let script = format!(
        "file=$(echo \"$HOME\"/.oidc-exchange/job-1/registry-*); umask 077\n\
         sed 's/\"expires\":[0-9]*/\"expires\":1700000000/' \"$file\" >copy; cat copy >\"$file\"\n\
         printf %s {HOST} | docker-credential-oidc-exchange get"
    );
    let program = register(&sandbox, &[HOST]).args(["--service-account", DEPLOY_ACCOUNT, "--lifetime", "20m"]);
    let output = program.args(["--", "sh", "-c", &script]).hands_over().patient(Duration::from_mins(2)).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
    assert_eq!(sandbox.google.issued().len(), 2);
    assert!(!config(&output.scratch).exists());
}

#[test]
fn a_token_goes_to_google_alone() {
    let sandbox = Sandbox::start().unwrap();
    let mut told = String::new();
    for host in [
        "https://europe-west1-docker.pkg.dev",
        "europe-west1-docker.pkg.dev/project/web",
        "*.pkg.dev",
        "europe-west1-docker.pkg.dev.evil.example",
        "europe-west1.pkg.dev",
        "k8s.gcr.io",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "https://public.ecr.aws/nginx/nginx:1",
        "acme.azurecr.io",
        "docker.io",
    ] {
        let output = register(&sandbox, &[host]).run();
        output.exits(2).stdout_is("");
        told.push_str(&output.told());
    }
    expect![[r#"
        error: --registry: `https://europe-west1-docker.pkg.dev` has a scheme

        hint: write only the host's name: --registry europe-west1-docker.pkg.dev
        error: --registry: `europe-west1-docker.pkg.dev/project/web` has a path

        hint: write only the host's name: --registry europe-west1-docker.pkg.dev
        error: --registry: `*.pkg.dev` has a wildcard, which Docker does not support

        hint: name each registry: --registry europe-west1-docker.pkg.dev; the option may be repeated
        error: --registry: `europe-west1-docker.pkg.dev.evil.example` is not the name of a Google registry

        hint: write it like europe-west1-docker.pkg.dev, docker.europe-west1.rep.pkg.dev or gcr.io
        error: --registry: `europe-west1.pkg.dev` is not the name of a Google registry

        hint: write it like europe-west1-docker.pkg.dev, docker.europe-west1.rep.pkg.dev or gcr.io
        error: --registry: `k8s.gcr.io` is not the name of a Google registry

        hint: write it like europe-west1-docker.pkg.dev, docker.europe-west1.rep.pkg.dev or gcr.io
        error: --registry: `123456789012.dkr.ecr.eu-west-1.amazonaws.com` is a registry of AWS

        hint: for this registry, use oidc-exchange aws --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: --registry: `public.ecr.aws` is a registry of AWS

        hint: for this registry, use oidc-exchange aws --registry public.ecr.aws
        error: --registry: `acme.azurecr.io` is a registry of Azure

        hint: for this registry, use oidc-exchange azure --registry acme.azurecr.io
        error: --registry: `docker.io` is a registry of Docker Hub

        hint: oidc-exchange has no passwords for Docker Hub: use docker login
    "#]]
    .assert_eq(&told);
    for more in [
        vec!["--access-token"],
        vec!["--credentials-file", "x"],
        vec!["--service-account", DEPLOY_ACCOUNT, "--id-token-audience", "x"],
        vec!["--universe-domain", "example.goog"],
    ] {
        register(&sandbox, &[HOST]).args(more).run().exits(2).stdout_is("");
    }
    assert_eq!(sandbox.google.sts.requests().len(), 0);
}

#[test]
fn a_refusal_registers_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).args(["--service-account", sandbox::RELEASE_ACCOUNT]).run();
    output.exits(4).stdout_is("");
    assert!(!config(&output.scratch).exists() && output.scratch.files().is_empty());
}
