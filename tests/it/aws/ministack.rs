//! Tests with MiniStack, an independent implementation: AWS's condition keys, ARNs and messages.

use sandbox::{Issuer, Job};
use serde_json::{Value, json};

use super::chain::admits;
use crate::support::peers::{self, Server};
use crate::support::{Output, Program, expect, oidc_exchange};

const ACCOUNT: &str = "000000000000";

/// Creates a role with the API that an administrator has.
fn create_role(server: &Server, name: &str, trust: &Value) -> String {
    let script = "import boto3, sys\nprint(boto3.client('iam').create_role(RoleName=sys.argv[1], \
                  AssumeRolePolicyDocument=sys.argv[2])['Role']['Arn'])\n\
                  boto3.client('iam').put_role_policy(RoleName=sys.argv[1], PolicyName='p', PolicyDocument=sys.argv[3])";
    let may = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*" },
    ]});
    let arguments = ["-c".to_owned(), script.to_owned(), name.to_owned(), trust.to_string(), may.to_string()];
    let output = administrator(server, Program::new(peers::aws().python(), arguments)).run();
    output.exits(0);
    output.stdout().trim().to_owned()
}

pub(super) fn administrator<'s>(server: &Server, program: Program<'s>) -> Program<'s> {
    let keys = program.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    keys.env("AWS_ENDPOINT_URL", server.url()).env("AWS_DEFAULT_REGION", "us-east-1")
}

/// Like the AWS console writes it, with the issuer's own condition keys.
fn trust(issuer: &Issuer, conditions: &Value) -> Value {
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/127.0.0.1:{}", issuer.port());
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": conditions,
    }]})
}

fn key(issuer: &Issuer, claim: &str) -> String {
    format!("127.0.0.1:{}:{claim}", issuer.port())
}

pub(super) fn assume(server: &Server, issuer: &Issuer, role: &str, job: &Job, options: &[&str]) -> Output {
    oidc_exchange(["aws", "--role-arn", role, "--on-error", "none"])
        .args(options)
        .token(&issuer.token(job))
        .word(&format!("127.0.0.1:{}", issuer.port()), "ISSUER")
        .env("SEMAPHORE_JOB_ID", "job-1")
        .env("AWS_ENDPOINT_URL", server.url())
        .run()
}

#[test]
fn the_trust_policys_conditions_hold_in_awss_own_words() {
    let (server, issuer) = (peers::ministack(), Issuer::start().unwrap());
    let conditions = json!({
        "StringEquals": { key(&issuer, "aud"): issuer.url() },
        "StringLike": { key(&issuer, "sub"): "org:acme:project:*:ref_type:branch:ref:refs/heads/main" },
    });
    let role = create_role(&server, "conditions", &trust(&issuer, &conditions));
    let main = Job::branch("main");
    let output = assume(&server, &issuer, &role, &main, &["--verify", "--allowed-account-id", ACCOUNT, "-v"]);
    assert!(output.code == Some(0) && output.stderr().contains("assumed-role/conditions/semaphore-job-job-1"));
    assume(&server, &issuer, &role, &Job::tag("main"), &[]).exits(4).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::000000000000:role/conditions
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:tag:ref:refs/tags/main

        hint: this is a tag's job
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
    for job in [Job::branch("other"), Job::pull_request(7, "main"), main.clone().audience("sts.amazonaws.com")] {
        let output = assume(&server, &issuer, &role, &job, &[]);
        let said = "said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ";
        assert!(output.exits(4).stderr().contains(said), "{}", output.describe());
    }
    let output = assume(&server, &issuer, &format!("arn:aws:iam::{ACCOUNT}:role/nosuch"), &main, &[]);
    assert!(output.exits(4).stderr().contains("check the role's ARN and its trust policy"));
}

#[test]
fn a_further_role_asks_for_its_external_id() {
    let (server, issuer) = (peers::ministack(), Issuer::start().unwrap());
    let any = json!({ "StringEquals": { key(&issuer, "aud"): issuer.url() } });
    let hub = create_role(&server, "hub", &trust(&issuer, &any));
    let shared = json!({ "StringEquals": { "sts:ExternalId": "shared" } });
    let next = create_role(&server, "next", &admits(&hub, &json!("sts:AssumeRole"), &shared));
    let main = Job::branch("main");
    let output = assume(&server, &issuer, &hub, &main, &["--chain-role-arn", &next]);
    output.exits(4).stderr_is(expect![[r#"
        error: AWS STS refused role 2 of the chain
          said       AccessDenied: User: arn:aws:sts::000000000000:assumed-role/hub/semaphore-job-job-1 is not authorized to perform: sts:AssumeRole (request ID)
          asked for  arn:aws:iam::000000000000:role/next  (role 2 of 2)

        hint: allow sts:AssumeRole on this role in the policies of hub
        hint: allow the same in this role's trust policy; if it requires an sts:ExternalId, add --external-id
    "#]]);
    let options = ["--chain-role-arn", next.as_str(), "--external-id", "shared", "--verify", "-v"];
    let output = assume(&server, &issuer, &hub, &main, &options);
    assert!(output.code == Some(0) && output.stderr().contains("assumed-role/next/semaphore-job-job-1"));
}
