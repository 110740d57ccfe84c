//! Messages of AWS that the sandbox's STS does not have: each with its cause and fix, after one request.

use std::time::Duration;

use sandbox::{Fault, Job, Sandbox};

use super::deploy;
use crate::support::{Output, expect, stopped};

#[track_caller]
fn answered(status: u16, code: &str, message: &str) -> Output {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([Fault::aws_error(status, code, message)]);
    let output = deploy(&[]).job(&sandbox).run();
    output.exits(4).stdout_is(&stopped(4));
    assert_eq!(sandbox.aws.requests().len(), 1, "a refusal is not repeated");
    output
}

#[test]
fn a_token_without_a_subject() {
    answered(400, "InvalidIdentityToken", "Missing a required claim: sub").stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       InvalidIdentityToken: Missing a required claim: sub (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=http://ISSUER

        hint: check that this is the job's whole token, signed with RS256 or ES256
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

#[test]
fn a_parameter_out_of_bounds() {
    let message = "1 validation error detected: Value 'x' at 'roleSessionName' failed to satisfy constraint";
    answered(400, "ValidationError", message).stderr_is(expect![[r#"
        error: AWS STS refused the request
          said       ValidationError: 1 validation error detected: Value 'x' at 'roleSessionName' failed to satisfy constraint (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
    "#]]);
}

#[test]
fn a_token_of_yesterday() {
    let sandbox = Sandbox::start().unwrap();
    let message = "Token must be redeemed within 24 hours of issuance";
    sandbox.aws.script([Fault::aws_error(400, "ExpiredTokenException", message)]);
    deploy(&[]).job(&sandbox).run().exits(4).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       ExpiredTokenException: Token must be redeemed within 24 hours of issuance (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: the token was issued TIME, valid until TIME; this machine's clock has TIME
        hint: run the job again: STS accepts no token after its expiry, or a day after it was issued
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 1);
}

#[test]
fn a_clock_that_is_wrong() {
    let sandbox = Sandbox::start().unwrap();
    let message = "Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z";
    sandbox.aws.script([Fault::Delay(Duration::ZERO), Fault::aws_error(403, "SignatureDoesNotMatch", message)]);
    let output = deploy(&["--verify"]).job_of(&sandbox, &Job::branch("main").with_id("job-1")).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![[r#"
        error: AWS STS refused the request for its time
          said       SignatureDoesNotMatch: Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z (request ID)
          asked for  GetCallerIdentity
          presented  the session semaphore-job-job-1 of arn:aws:iam::123456789012:role/deploy

        hint: check this machine's clock: it has TIME
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 2);
}

/// New credentials may be unknown to the next call too, which is then retried.
#[test]
fn a_session_too_fresh_for_the_next_role() {
    let sandbox = Sandbox::start().unwrap();
    let hub = "arn:aws:iam::123456789012:role/hub";
    let trust = super::chain::admits(sandbox::DEPLOY_ROLE, &serde_json::json!("sts:*"), &serde_json::json!({}));
    sandbox.aws.create_role(hub, &trust).unwrap();
    let message = "The security token included in the request is invalid.";
    sandbox.aws.script([Fault::Delay(Duration::ZERO), Fault::aws_error(403, "InvalidClientTokenId", message)]);
    deploy(&["--chain-role-arn", hub]).job(&sandbox).run().exits(0);
    assert_eq!(sandbox.aws.requests().len(), 3);
}

/// These are temporary: an issuer that STS could not reach, and too many calls under any status and name.
#[test]
fn what_heals_is_asked_again() {
    for (status, code) in [
        (400, "IDPCommunicationError"),
        (400, "Throttling"),
        (400, "ThrottlingException"),
        (503, "RequestLimitExceeded"),
        (429, "TooManyRequestsException"),
        (500, "InternalFailure"),
    ] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([Fault::aws_error(status, code, "x")]);
        deploy(&[]).job(&sandbox).run().exits(0);
        assert_eq!(sandbox.aws.requests().len(), 2, "{code}");
    }
}
