//! `use`: several targets of a file in one run.

mod afterwards;
mod dangers;
mod failing;
mod finding;
mod hostile;
mod in_place;
mod kubernetes;
mod registry;
mod schema;
mod shown;
mod together;
mod two_vaults;

use sandbox::{CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, PROVIDER, RELEASE_ROLE, Sandbox, TENANT};

use crate::support::{Program, oidc_exchange};

/// A target of each cloud, and some that are refused or conflict.
fn file() -> String {
    format!(
        r#"version = 1

[target.deploy]
aws.role-arn = "{DEPLOY_ROLE}"
aws.region = "eu-central-1"

[target.staging]
aws.role-arn = "{DEPLOY_ROLE}"
aws.env-prefix = "STAGING_"

[target.gov]
aws.role-arn = "{DEPLOY_ROLE}"
aws.profile = "gov"

[target.release]
aws.role-arn = "{RELEASE_ROLE}"

[target.web.gcp]
provider = "{PROVIDER}"
service-account = "{DEPLOY_ACCOUNT}"

[target.terraform]
azure = {{ tenant-id = "{TENANT}", client-id = "{CLIENT}" }}

[target.secrets]
vault.role = "ci"
vault.secrets = ["DB_PASSWORD=secret/production/db#password"]

[target.all-secrets]
vault.role = "ci"
vault.secrets = ["DB_=secret/production/db#*"]

[target.token]
vault.role = "ci"
"#
    )
}

/// A run with this file in a job of the sandbox.
fn with<'s>(words: &[&str], file: &str, sandbox: &'s Sandbox) -> Program<'s> {
    let program = oidc_exchange(["use"]).args(words).job(sandbox);
    program.scratch().write("oidc-exchange.toml", file);
    let (before, after) = match words.iter().position(|word| *word == "--") {
        Some(_) => return program,
        None => (sandbox.google.sts.url(), sandbox.google.iam.url()),
    };
    program.args(["--sts-endpoint", &before]).args(["--iamcredentials-endpoint", &after])
}

fn run_of<'s>(words: &[&str], sandbox: &'s Sandbox) -> Program<'s> {
    with(words, &file(), sandbox)
}

/// Every request that the sandbox has seen.
fn requests(sandbox: &Sandbox) -> usize {
    let clouds = [sandbox.aws.requests(), sandbox.azure.requests(), sandbox.vault.requests()];
    let google = [sandbox.google.sts.requests(), sandbox.google.iam.requests()];
    clouds.iter().chain(&google).map(Vec::len).sum()
}
