//! `use NAME --format kubernetes`: a kubeconfig names a target in place of options.

use sandbox::{CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, Fault, PROVIDER, Sandbox, TENANT};
use serde_json::Value;

use super::{requests, with};
use crate::support::{Output, Program, Scratch, expect, oidc_exchange};

fn file() -> String {
    format!(
        "version = 1
[target.eks]
aws.role-arn = '{DEPLOY_ROLE}'
aws.region = 'eu-west-1'
aws.eks-cluster = 'production'
[target.gke.gcp]
provider = '{PROVIDER}'
service-account = '{DEPLOY_ACCOUNT}'
[target.aks.azure]
tenant-id = '{TENANT}'
client-id = '{CLIENT}'
[target.secrets]
vault.role = 'ci'
[target.plain]
aws.role-arn = '{DEPLOY_ROLE}'
"
    )
}

fn run_of<'s>(words: &[&str], sandbox: &'s Sandbox) -> Program<'s> {
    with(words, &file(), sandbox).env("SEMAPHORE_JOB_ID", "job-1")
}

fn single<'s>(words: &[&str], sandbox: &'s Sandbox, token: &str, scratch: Scratch) -> Program<'s> {
    oidc_exchange(words.iter().copied()).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1").token(token).within(scratch)
}

fn token(output: &Output) -> String {
    let answer: Value = serde_json::from_str(&output.exits(0).stdout()).unwrap();
    assert_eq!(answer["kind"], "ExecCredential");
    answer["status"]["token"].as_str().unwrap().to_owned()
}

/// The same session or token as with the options. It is requested once.
#[test]
fn a_target_has_the_cache_of_its_options() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&sandbox::Job::branch("main").with_id("job-1"));
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    let eks = ["aws", "--role-arn", DEPLOY_ROLE, "--region", "eu-west-1", "--eks-cluster", "production"];
    let gke = ["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT];
    let gke: Vec<&str> = gke.into_iter().chain(endpoints).collect();
    let aks = ["azure", "--tenant-id", TENANT, "--client-id", CLIENT];
    for (name, options) in [("eks", &eks[..]), ("gke", &gke), ("aks", &aks)] {
        let first = run_of(&[name, "--format", "kubernetes"], &sandbox).token(&subject).run();
        let by_target = token(first.stderr_is(expect![""]));
        let seen = requests(&sandbox);
        let words: Vec<&str> = options.iter().copied().chain(["--format", "kubernetes"]).collect();
        let second = single(&words, &sandbox, &subject, first.scratch).run();
        let by_options = token(&second);
        // The token for EKS is made anew of the session.
        assert!(by_target == by_options || name == "eks");
        assert_eq!(requests(&sandbox), seen, "{name}");
    }
}

#[test]
fn a_refusal_is_remembered() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.always(Fault::aws_error(403, "AccessDenied", "Not authorized"));
    let subject = sandbox.issuer.token(&sandbox::Job::branch("main").with_id("job-1"));
    let first = run_of(&["eks", "--format", "kubernetes"], &sandbox).token(&subject).run();
    first.exits(4).stdout_is("");
    let seen = requests(&sandbox);
    let second = run_of(&["eks", "--format", "kubernetes"], &sandbox).token(&subject).within(first.scratch).run();
    second.exits(4).stdout_is("");
    let said = "error: target eks: AWS STS refused the token (";
    assert!(second.stderr().starts_with(said), "{}", second.stderr());
    assert_eq!(requests(&sandbox), seen);
}

#[test]
fn what_a_kubernetes_client_cannot_have_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let mut said = String::new();
    for words in [&["eks", "gke"][..], &[], &["secrets"], &["plain"], &["ekss"]] {
        let output = run_of(words, &sandbox).args(["--format", "kubernetes"]).run();
        output.exits(2).stdout_is("");
        said.push_str(&output.told());
    }
    for more in [
        "aws.profile = 'x'",
        "aws.registry = ['123456789012.dkr.ecr.eu-west-1.amazonaws.com']",
        "aws.env-prefix = 'X_'",
        "aws.refreshable = true",
    ] {
        let file = format!("version = 1\n[target.x]\naws.role-arn = '{DEPLOY_ROLE}'\naws.eks-cluster = 'c'\n{more}\n");
        for words in [&["x", "--format", "kubernetes"][..], &["--check"]] {
            let output = with(words, &file, &sandbox).run();
            output.exits(2).stdout_is("");
            said.push_str(&output.told());
        }
    }
    let azure = format!("version = 1\n[target.x.azure]\ntenant-id = '{TENANT}'\nclient-id = '{CLIENT}'\naz = true\n");
    said.push_str(&with(&["x", "--format", "kubernetes"], &azure, &sandbox).run().told());
    // Without the format, the cluster has no effect.
    let output = run_of(&["eks"], &sandbox).run();
    output.exits(2);
    said.push_str(&output.told());
    expect![[r#"
        error: --format kubernetes prints the token of one target, and 2 were named

        hint: name the target of the cluster
        error: no target was named

        hint: oidc-exchange.toml has: eks, gke, aks, secrets, plain
        error: oidc-exchange.toml:12:9: target secrets: --format kubernetes is for a target of aws, gcp or azure
        error: oidc-exchange.toml:14:9: target plain: --format kubernetes: no EKS cluster was named

        hint: name it with --eks-cluster NAME
        error: oidc-exchange.toml has no target `ekss`

        hint: write eks, if that is meant
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token and nothing else: --profile has no effect there

        hint: make a target of its own for the cluster
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token and nothing else: --profile has no effect there

        hint: make a target of its own for the cluster
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token and nothing else: --registry has no effect there

        hint: make a target of its own for the cluster
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token and nothing else: --registry has no effect there

        hint: make a target of its own for the cluster
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token for one cluster: neither --refreshable nor --env-prefix
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token for one cluster: neither --refreshable nor --env-prefix
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token for one cluster: neither --refreshable nor --env-prefix
        error: oidc-exchange.toml:5:5: target x: --format kubernetes prints a token for one cluster: neither --refreshable nor --env-prefix
        error: oidc-exchange.toml:5:1: target x: --format kubernetes prints the access token and nothing else: --az has no effect there
        error: oidc-exchange.toml:5:5: target eks: --eks-cluster is for a Kubernetes client, which reads --format kubernetes

        hint: add --format kubernetes, in the kubeconfig's `exec` block
    "#]].assert_eq(&said);
    run_of(&["eks", "--format", "kubernetes", "--", "true"], &sandbox).run().exits(2).stdout_is("");
    assert_eq!(requests(&sandbox), 0);
}

/// A target with a cluster does not affect the others.
#[test]
fn a_check_reads_a_cluster_as_a_client_would() {
    let sandbox = Sandbox::start().unwrap();
    run_of(&["--check"], &sandbox).run().exits(0).stderr_is(expect![""]).stdout_reads(expect![[r#"
        oidc-exchange.toml: 5 targets checked, no error
    "#]]);
}
