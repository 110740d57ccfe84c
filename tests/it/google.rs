//! `gcp` in a job.

mod clients;
mod discovery;
mod docs;
mod file;
mod gcloud;
mod handout;
mod official;
mod options;
mod refusals;
mod retries;
mod wire;

use oidc_exchange::{emit, google};
use sandbox::{DEPLOY_ACCOUNT, PROVIDER, Sandbox};

use crate::support::{Program, oidc_exchange, stop};

/// Asks the sandbox, as nobody in particular.
fn direct<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    oidc_exchange(["gcp", "--provider", PROVIDER]).args(endpoints).args(more).job(sandbox)
}

/// The same as the service account that branch `main` may act as.
fn deploy<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    direct(sandbox, &["--service-account", DEPLOY_ACCOUNT]).args(more)
}

/// The shell's side of [`deploy`].
fn deploy_script(rest: &str) -> String {
    format!(
        "set -eu; eval \"$(oidc-exchange gcp --provider {PROVIDER} --service-account {DEPLOY_ACCOUNT} \
         --sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\")\"\n{rest}"
    )
}

/// What `gcp` prints when there are no credentials.
fn stopped(code: u8) -> String {
    format!("{}{}", emit::posix::unset(&google::credential_names(None)), stop(code))
}
