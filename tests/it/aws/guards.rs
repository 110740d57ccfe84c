//! `--allowed-account-id`, `--verify`, `--wait-for-iam` and `--env-prefix`.

use std::time::Duration;

use sandbox::aws::Issued;
use sandbox::{DEPLOY_ROLE, Fault, Job, Sandbox, trust};

use super::deploy;
use crate::support::{expect, stop, stopped};

#[test]
fn another_account_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--allowed-account-id", "111111111111,222222222222"]).job(&sandbox).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: the credentials would be for account 123456789012, which is not in --allowed-account-id
          said       nothing was sent: the role's ARN names account 123456789012
          asked for  arn:aws:iam::123456789012:role/deploy
                     allowed accounts: 111111111111, 222222222222

        hint: check that this is not the role of another environment (staging for production)
    "#]]);
    let chain = ["--chain-role-arn", "arn:aws:iam::210987654321:role/x", "--allowed-account-id", "123456789012"];
    let output = deploy(&chain).job(&sandbox).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: the credentials would be for account 210987654321, which is not in --allowed-account-id
          said       nothing was sent: the role's ARN names account 210987654321
          asked for  arn:aws:iam::210987654321:role/x
                     allowed accounts: 123456789012

        hint: check that this is not the role of another environment (staging for production)
    "#]]);
    assert!(sandbox.aws.requests().is_empty());
    let output = deploy(&["--allowed-account-id", "1234-5678-9012"]).job(&sandbox).run();
    output.exits(2).stdout_is(&stopped(2)).stderr_is(expect![[r#"
        error: --allowed-account-id: `1234-5678-9012` is not an account's id

        hint: it has twelve digits, leading zeros included, and no hyphens
    "#]]);
}

#[test]
fn a_meant_account_costs_no_further_request() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--allowed-account-id", "111111111111", "--allowed-account-id", "123456789012"];
    deploy(&options).job(&sandbox).run().exits(0).stderr_is(expect![[""]]);
    assert_eq!(sandbox.aws.requests().len(), 1, "the answer itself says whose the credentials are");
}

/// An answer for another account than the ARN's, like that of an emulator or a wrong endpoint.
fn answer_for(account: &str) -> Fault {
    let body = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
         <AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/deploy/x</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIAOTHERACCOUNT0000</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
         <SessionToken>session-token-of-another-account</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    Fault::Status { status: 200, headers: vec![("content-type".into(), "text/xml".into())], body }
}

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[test]
fn credentials_for_another_account_than_the_arns_are_not_handed_out() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([answer_for("999999999999")]);
    let program = deploy(&["--allowed-account-id", "123456789012"]).job(&sandbox).secret("the key", SECRET);
    program.run().exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: the credentials would be for account 999999999999, which is not in --allowed-account-id
          said       AWS STS answered with credentials for account 999999999999
          asked for  arn:aws:iam::123456789012:role/deploy
                     allowed accounts: 123456789012

        hint: check that this is not the role of another environment (staging for production)
    "#]]);
    // Without the option, they are exported, with the number of their account.
    sandbox.aws.script([answer_for("999999999999")]);
    let output = deploy(&[]).job(&sandbox).run();
    assert!(output.exits(0).stdout().contains("export AWS_ACCOUNT_ID='999999999999';"));
}

#[test]
fn verify_asks_whose_they_are_with_the_credentials_themselves() {
    let sandbox = Sandbox::start().unwrap();
    let job = Job::branch("main").with_id("job-1");
    let output = deploy(&["--verify", "-v"]).job_of(&sandbox, &job).run();
    output.exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST STS: 200 in T ms (request ID)
        oidc-exchange: POST STS: 200 in T ms (request ID)
        oidc-exchange: the credentials work: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 in account 123456789012
    "#]]);
    let actions: Vec<_> = sandbox.aws.requests().iter().map(|one| one.field("Action").unwrap().to_owned()).collect();
    assert_eq!(actions, ["AssumeRoleWithWebIdentity", "GetCallerIdentity"]);
}

#[test]
fn credentials_too_fresh_for_a_region_are_asked_about_again() {
    let sandbox = Sandbox::start().unwrap();
    let unknown =
        || Fault::aws_error(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    let first = Fault::Delay(Duration::ZERO);
    sandbox.aws.script([first.clone(), unknown(), unknown()]);
    let output = deploy(&["--verify"]).job(&sandbox).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: AWS STS: InvalidClientTokenId: The security token included i…; trying again for up to T s
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 4);
}

/// In an opt-in region, new credentials may stay unknown. An error is printed after about ten seconds.
#[test]
fn credentials_that_stay_unknown_are_not_handed_out() {
    let sandbox = Sandbox::start().unwrap();
    let unknown =
        || Fault::aws_error(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    sandbox.aws.script(std::iter::once(Fault::Delay(Duration::ZERO)).chain((0..200).map(|_| unknown())));
    let output = deploy(&["--verify"]).job_of(&sandbox, &Job::branch("main").with_id("job-1")).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        warning: AWS STS: InvalidClientTokenId: The security token included i…; trying again for up to T s
        error: AWS STS does not recognize the new credentials
          said       InvalidClientTokenId: The security token included in the request is invalid. (request ID); still so after N attempts in T s
          asked for  GetCallerIdentity
          presented  the session semaphore-job-job-1 of arn:aws:iam::123456789012:role/deploy

        hint: a region may not have new credentials for some seconds: run the command again
        hint: in a region that the account had to opt in to, ask another region's STS with --sts-region
    "#]]);
    assert!((Duration::from_secs(8)..Duration::from_secs(13)).contains(&output.took), "{:?}", output.took);
}

#[test]
fn a_role_made_a_moment_ago_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.delete_role(DEPLOY_ROLE);
    let running = deploy(&["--wait-for-iam", "20s"]).job(&sandbox).spawn();
    assert!(sandbox.aws.await_requests(2, Duration::from_secs(10)), "it is asked again");
    let branch = Job::branch("main").subject();
    sandbox.aws.create_role(DEPLOY_ROLE, &trust(&sandbox.issuer.url(), "StringEquals", &branch)).unwrap();
    running.wait().exits(0).stderr_is(expect![[r#"
        warning: AWS STS: AccessDenied: Not authorized to perform sts:AssumeR…; trying again for up to T s
    "#]]);
}

#[test]
fn a_provider_made_a_moment_ago_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let missing = "No OpenIDConnect provider found in your account for https://x";
    sandbox.aws.script([Fault::aws_error(400, "InvalidIdentityToken", missing)]);
    deploy(&["--wait-for-iam", "20s"]).job(&sandbox).run().exits(0);
    assert_eq!(sandbox.aws.requests().len(), 2);
}

#[test]
fn a_refusal_that_stays_is_one_after_the_wait() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--wait-for-iam", "2s"]).job_of(&sandbox, &Job::branch("other")).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        warning: AWS STS: AccessDenied: Not authorized to perform sts:AssumeR…; trying again for up to T s
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID); still so after N attempts in T s
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/other

        hint: check the role's ARN and its trust policy
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&output.took), "{:?}", output.took);
}

#[test]
fn only_what_iam_may_be_slow_to_know_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let job = Job::branch("main").audience("sts.amazonaws.com");
    deploy(&["--wait-for-iam", "20s"]).job_of(&sandbox, &job).run().exits(4);
    assert_eq!(sandbox.aws.requests().len(), 1);
    let output = deploy(&["--wait-for-iam", "2m"]).job(&sandbox).run();
    output.exits(2).stdout_is(&stopped(2)).stderr_is(expect![[r#"
        error: --wait-for-iam: --timeout would end the wait before its time

        hint: give the whole exchange more time: --timeout 3m
    "#]]);
}

#[test]
fn a_prefix_keeps_roles_apart() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--env-prefix", "STAGING_", "--region", "eu-west-1"]).job(&sandbox).run();
    let Issued { access_key_id, secret_access_key, session_token, expiration, .. } = &sandbox.aws.issued()[0];
    let expiration = humantime::format_rfc3339_seconds(*expiration);
    output.exits(0).stderr_is(expect![[""]]).exports_are(&format!(
        "export STAGING_AWS_ACCESS_KEY_ID='{access_key_id}';\nexport STAGING_AWS_SECRET_ACCESS_KEY='{secret_access_key}';\n\
         export STAGING_AWS_SESSION_TOKEN='{session_token}';\nexport STAGING_AWS_CREDENTIAL_EXPIRATION='{expiration}';\n\
         export STAGING_AWS_ACCOUNT_ID='123456789012';\nexport STAGING_AWS_REGION='eu-west-1';\n\
         export STAGING_AWS_DEFAULT_REGION='eu-west-1';\n"
    ));
    let output = deploy(&["--env-prefix", "STAGING_"]).job_of(&sandbox, &Job::branch("other")).run();
    let names = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "CREDENTIAL_EXPIRATION", "ACCOUNT_ID"];
    let names = names.map(|name| format!("STAGING_AWS_{name}")).join(" ");
    output.exits(4).stdout_is(&format!("unset {names};\n{}", stop(4)));
    let output = deploy(&["--env-prefix", "1-"]).job(&sandbox).run();
    output.exits(2).stdout_is(&stop(2)).stderr_is(expect![[r#"
        error: --env-prefix: `1-` cannot begin a variable's name

        hint: use only letters, digits and _, and no digit first, such as STAGING_
    "#]]);
}
