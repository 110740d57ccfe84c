//! Tests of `gcp` in a job.

mod cel;
mod clients;
mod discovery;
mod docs;
mod explain;
mod file;
mod gcloud;
mod gcloud_settings;
mod handout;
mod official;
mod options;
mod refusals;
mod retries;
mod setup;
mod verdicts;
mod wire;

use oidc_exchange::google;
use sandbox::{DEPLOY_ACCOUNT, PROVIDER, Sandbox};
use serde_json::Value;

use crate::support::{Program, oidc_exchange, stop};

/// Uses the sandbox, without a service account.
fn direct<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    oidc_exchange(["gcp", "--provider", PROVIDER]).args(endpoints).args(more).job(sandbox)
}

/// The same as the service account that branch `main` may act as.
pub(crate) fn deploy<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    direct(sandbox, &["--service-account", DEPLOY_ACCOUNT]).args(more)
}

/// The shell's side of [`deploy`].
pub(crate) fn deploy_script(rest: &str) -> String {
    format!(
        "set -eu; eval \"$(oidc-exchange gcp --provider {PROVIDER} --service-account {DEPLOY_ACCOUNT} \
         --sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\")\"\n{rest}"
    )
}

/// What `gcp` prints when there are no credentials.
pub(crate) fn stopped(code: u8) -> String {
    format!("{}{}", oidc_exchange::shell::posix::unset(&google::credential_names(None)), stop(code))
}

/// `explain gcp` of this provider and policy.
fn explain<'s>(provider: &Value, policy: Option<&Value>) -> Program<'s> {
    let program = oidc_exchange(["explain", "gcp", "--provider-config", "provider.json"]);
    program.scratch().write("provider.json", provider.to_string());
    match policy {
        Some(policy) => {
            program.scratch().write("policy.json", policy.to_string());
            program.args(["--iam-policy", "policy.json"])
        }
        None => program,
    }
}

/// Makes the provider in the sandbox, and binds its members to the account.
fn sandbox_provider(sandbox: &Sandbox, provider: &Value, bound: Option<(&str, &Value)>) {
    let text = |value: &'_ Value| value.as_str().unwrap().to_owned();
    let (name, oidc) = (text(&provider["name"]), &provider["oidc"]);
    let audiences: Vec<String> = oidc["allowedAudiences"].as_array().into_iter().flatten().map(text).collect();
    let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
    let mapping: Vec<(&str, &str)> = provider["attributeMapping"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
        .collect();
    let condition = provider["attributeCondition"].as_str().filter(|condition| !condition.is_empty());
    sandbox.google.create_provider(&name, &text(&oidc["issuerUri"]), &audiences, &mapping, condition).unwrap();
    sandbox.google.enable_provider(&name, provider["disabled"] != true);
    let Some((account, policy)) = bound else { return };
    sandbox.google.create_account(account);
    for binding in policy["bindings"].as_array().unwrap() {
        for member in binding["members"].as_array().unwrap() {
            sandbox.google.bind(account, &text(&binding["role"]), &text(member));
        }
    }
}
