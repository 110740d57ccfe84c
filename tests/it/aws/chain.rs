//! Role chaining: the request for each role, and the error if one is refused.

use std::time::Duration;

use sandbox::{DEPLOY_ROLE, Fault, Job, Request, Sandbox};
use serde_json::{Value, json};

use super::deploy;
use crate::support::{Program, expect, stopped};

const HUB: &str = "arn:aws:iam::123456789012:role/hub";
const TARGET: &str = "arn:aws:iam::210987654321:role/target";

/// A trust policy that allows the role `from` these actions.
pub(crate) fn admits(from: &str, actions: &Value, condition: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": from }, "Action": actions, "Condition": condition,
    }]})
}

/// The sandbox's role `deploy` may assume `hub`, which may assume `target` of another account.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start().unwrap();
    let all = json!(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
    sandbox.aws.create_role(HUB, &admits(DEPLOY_ROLE, &all, &json!({}))).unwrap();
    let shared = json!({ "StringEquals": { "sts:ExternalId": "shared" } });
    sandbox.aws.create_role_lasting(TARGET, &admits(HUB, &all, &shared), Duration::from_hours(12)).unwrap();
    sandbox
}

fn through<'s>(options: &[&str]) -> Program<'s> {
    deploy(&["--chain-role-arn", HUB, "--chain-role-arn", TARGET]).args(options)
}

#[test]
fn each_role_is_assumed_with_the_one_before_and_the_last_is_handed_over() {
    let sandbox = sandbox();
    let job = Job::branch("main").with_id("job-1");
    let options = ["--external-id", "", "--external-id", "shared", "--format", "json"];
    let output = through(&options).job_of(&sandbox, &job).run();
    output.exits(0).stderr_is(expect![[""]]);
    let issued = sandbox.aws.issued();
    let roles: Vec<_> = issued.iter().map(|one| (one.role_arn.as_str(), one.session_name.as_str())).collect();
    let name = "semaphore-job-job-1";
    assert_eq!(roles, [(DEPLOY_ROLE, name), (HUB, name), (TARGET, name)]);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["AWS_ACCESS_KEY_ID"], issued[2].access_key_id.as_str());
    assert_eq!(printed["AWS_ACCOUNT_ID"], "210987654321");
    for earlier in &issued[..2] {
        let keys = [&earlier.secret_access_key, &earlier.session_token];
        assert!(!keys.iter().any(|key| output.stdout().contains(*key)), "an earlier session's key is printed");
    }
}

#[test]
fn policy_duration_and_tags_are_the_last_sessions_and_the_identity_is_every_ones() {
    let sandbox = sandbox();
    let options = [
        "--external-id",
        "",
        "--external-id",
        "shared",
        "--duration",
        "30m",
        "--policy",
        r#"{"Version":"2012-10-17"}"#,
        "--policy-arn",
        "arn:aws:iam::210987654321:policy/narrow",
        "--session-tag",
        "team=web",
        "--session-tag",
        "stage=a b",
        "--source-identity",
        "ci@acme",
    ];
    through(&options).job(&sandbox).run().exits(0).stderr_is(expect![[""]]);
    let requests = sandbox.aws.requests();
    let fields = |name: &str| requests.iter().map(|one| one.field(name).map(str::to_owned)).collect::<Vec<_>>();
    let last = |value: &str| vec![None, None, Some(value.to_owned())];
    assert_eq!(fields("DurationSeconds"), last("1800"));
    assert_eq!(fields("Policy"), last(r#"{"Version":"2012-10-17"}"#));
    assert_eq!(fields("PolicyArns.member.1.arn"), last("arn:aws:iam::210987654321:policy/narrow"));
    assert_eq!(fields("Tags.member.1.Key"), last("team"));
    assert_eq!(fields("Tags.member.2.Value"), last("a b"));
    assert_eq!(fields("ExternalId"), last("shared"));
    assert_eq!(fields("SourceIdentity"), [None, Some("ci@acme".into()), None]);
    let identities: Vec<_> = sandbox.aws.issued().into_iter().map(|one| one.source_identity).collect();
    assert_eq!(identities, [None, Some("ci@acme".into()), Some("ci@acme".into())]);
}

#[test]
fn a_refusal_names_its_place_in_the_chain() {
    let sandbox = sandbox();
    let job = Job::branch("main").with_id("job-1");
    let output = through(&["--external-id", "", "--external-id", "wrong"]).job_of(&sandbox, &job).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: AWS STS refused role 3 of the chain
          said       AccessDenied: User: arn:aws:sts::123456789012:assumed-role/hub/semaphore-job-job-1 is not authorized to perform: sts:AssumeRole (request ID)
          asked for  arn:aws:iam::210987654321:role/target  (role 3 of 3)

        hint: allow sts:AssumeRole on this role in the policies of hub
        hint: allow the same in this role's trust policy; if it requires an sts:ExternalId, that must be wrong
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 3, "a refusal is not repeated");
    let output = deploy(&["--chain-role-arn", TARGET, "--source-identity", "ci"]).job_of(&sandbox, &job).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: AWS STS refused role 2 of the chain
          said       AccessDenied: User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 is not authorized to perform: sts:AssumeRole (request ID)
          asked for  arn:aws:iam::210987654321:role/target  (role 2 of 2)

        hint: allow sts:AssumeRole and sts:SetSourceIdentity on this role in the policies of deploy
        hint: allow the same in this role's trust policy; if it requires an sts:ExternalId, add --external-id
    "#]]);
    let output = through(&[]).job_of(&sandbox, &Job::branch("other")).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: AWS STS refused the token, for role 1 of the chain
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/other

        hint: check the role's ARN and its trust policy
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

#[test]
fn session_tags_of_the_token_need_leave_at_each_role() {
    let sandbox = Sandbox::start().unwrap();
    let job = Job::branch("main").with_id("job-1").aws_tags(true);
    sandbox.aws.create_role(HUB, &admits(DEPLOY_ROLE, &json!("sts:AssumeRole"), &json!({}))).unwrap();
    let output = deploy(&["--chain-role-arn", HUB]).job_of(&sandbox, &job).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: AWS STS refused role 2 of the chain
          said       AccessDenied: User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 is not authorized to perform: sts:AssumeRole (request ID)
          asked for  arn:aws:iam::123456789012:role/hub  (role 2 of 2)

        hint: allow sts:AssumeRole and sts:TagSession on this role in the policies of deploy
        hint: allow the same in this role's trust policy; if it requires an sts:ExternalId, add --external-id
    "#]]);
    sandbox.aws.create_role(HUB, &admits(DEPLOY_ROLE, &json!("sts:*"), &json!({}))).unwrap();
    deploy(&["--chain-role-arn", HUB]).job_of(&sandbox, &job).run().exits(0);
}

#[test]
fn what_cannot_be_meant_is_told_before_anything_is_sent() {
    let sandbox = sandbox();
    let wrong = |options: &[&str], message: expect_test::Expect| {
        let output = deploy(options).job(&sandbox).run();
        output.exits(2).stdout_is(&stopped(2)).stderr_is(message);
    };
    wrong(
        &["--chain-role-arn", HUB, "--duration", "61m"],
        expect![[r#"
        error: --duration: with --chain-role-arn a session lasts an hour at most

        hint: AWS caps sessions of chained roles, even if the role's own maximum is longer
        hint: for a longer job, write a profile that renews: --profile NAME --refreshable
    "#]],
    );
    wrong(
        &["--chain-role-arn", HUB, "--external-id", "a1", "--external-id", "b2"],
        expect![[r#"
        error: --external-id: there are more of them than --chain-role-arn
    "#]],
    );
    wrong(
        &["--chain-role-arn", "arn:aws-cn:iam::123456789012:role/x"],
        expect![[r#"
        error: --chain-role-arn: `arn:aws-cn:iam::123456789012:role/x` is in another partition than the first role

        hint: no session reaches from one partition into another
    "#]],
    );
    wrong(
        &["--chain-role-arn", "target"],
        expect![[r#"
        error: --chain-role-arn: `target` is not a role's ARN: it is only a name, without the role's account

        hint: write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it
    "#]],
    );
    wrong(
        &["--external-id", "shared"],
        expect![[r#"
        error: the following required arguments were not provided:
          --chain-role-arn <ARN>

        Usage: oidc-exchange aws --chain-role-arn <ARN> --role-arn <ARN> --external-id <ID> [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong(
        &["--session-tag", "a=b"],
        expect![[r#"
        error: the following required arguments were not provided:
          --chain-role-arn <ARN>

        Usage: oidc-exchange aws --chain-role-arn <ARN> --role-arn <ARN> --session-tag <KEY=VALUE> [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong(
        &["--source-identity", "ci"],
        expect![[r#"
        error: the following required arguments were not provided:
          --chain-role-arn <ARN>

        Usage: oidc-exchange aws --chain-role-arn <ARN> --role-arn <ARN> --source-identity <NAME> [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong(
        &["--chain-role-arn", HUB, "--external-id", "a b"],
        expect![[r#"
        error: --external-id: `a b` is not an external id

        hint: it has 2 to 1224 letters, digits and +=,.@:/_- (no space)
        hint: for a role without one, give an empty --external-id
    "#]],
    );
    wrong(
        &["--chain-role-arn", HUB, "--session-tag", "branch=fix#1"],
        expect![[r#"
        error: --session-tag: `branch=fix#1`: STS accepts letters, digits, spaces and _.:/=+-@, but not '#'
    "#]],
    );
    wrong(
        &["--chain-role-arn", HUB, "--session-tag", "Team=a", "--session-tag", "team=b"],
        expect![[r#"
        error: --session-tag: the key team is given twice, and upper and lower case are one
    "#]],
    );
    wrong(
        &["--chain-role-arn", HUB, "--source-identity", "a:b"],
        expect![[r#"
        error: --source-identity: `a:b` is not a source identity

        hint: it has 2 to 64 letters, digits and +=,.@_- (no space, no slash, no colon)
    "#]],
    );
    assert!(sandbox.aws.requests().is_empty());
}

/// Every run's output is searched for everything that the sandbox has issued.
#[test]
fn a_refusal_of_the_third_role_shows_no_key_of_the_first() {
    let sandbox = sandbox();
    let third = |request: &Request| String::from_utf8_lossy(&request.body).contains("role%2Ftarget");
    sandbox.aws.aim(third, Fault::Indiscreet, None);
    let output = through(&["--external-id", "", "--external-id", "shared"]).job(&sandbox).run();
    let said = output.exits(4).stderr();
    assert!(said.contains("AccessDenied: ") && sandbox.aws.issued().len() == 2, "{said}");
}
