//! `--format kubernetes`: the output for a Kubernetes client, and its cluster's answer to the token.

mod authenticator;
mod clients;
pub(crate) mod cluster;
mod eks;
mod failures;
mod tokens;
mod usage;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{Job, Sandbox};
use serde_json::Value;

use crate::aws::deploy;
use crate::support::{Output, Program};

/// The name of the EKS cluster.
const CLUSTER: &str = "production";

/// `aws --format kubernetes` for [`CLUSTER`].
fn eks<'s>(options: &[&str]) -> Program<'s> {
    deploy(&["--region", "eu-west-1", "--eks-cluster", CLUSTER, "--format", "kubernetes"]).args(options)
}

fn job() -> Job {
    Job::branch("main").with_id("job-1")
}

/// Another call of the same job, in the directory of `before`.
fn again<'s>(program: Program<'s>, sandbox: &'s Sandbox, token: &str, before: Output) -> Program<'s> {
    program.within(before.scratch).job_of(sandbox, &job()).token(token)
}

/// The answer's token, and the time until which it is valid.
#[track_caller]
fn answered(output: &Output) -> (String, std::time::SystemTime) {
    let answer: Value = serde_json::from_str(&output.exits(0).stdout()).unwrap();
    assert_eq!(answer["kind"], "ExecCredential");
    let expires = humantime::parse_rfc3339(answer["status"]["expirationTimestamp"].as_str().unwrap()).unwrap();
    (answer["status"]["token"].as_str().unwrap().to_owned(), expires)
}

/// The address in an EKS token.
fn address(token: &str) -> String {
    let encoded = token.strip_prefix("k8s-aws-v1.").unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}
