//! The exact errors for the service's refusals. Each needs one request.

use sandbox::{Fault, Issuer, Job, RELEASE_ROLE, Sandbox, now};

use super::deploy;
use crate::support::{Output, Program, expect, oidc_exchange, stopped};

/// Runs it until a refusal, which must not be retried.
#[track_caller]
fn refused(sandbox: &Sandbox, program: Program<'_>) -> Output {
    let asked = sandbox.aws.requests().len();
    let output = program.run();
    output.exits(4).stdout_is(&stopped(4));
    assert_eq!(sandbox.aws.requests().len(), asked + 1, "a refusal is not repeated");
    output
}

fn refused_job(job: &Job) -> Output {
    let sandbox = Sandbox::start().unwrap();
    refused(&sandbox, deploy(&[]).job_of(&sandbox, job))
}

/// The service's own text.
fn answered(status: u16, code: &str, message: &str) -> Output {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([Fault::aws_error(status, code, message)]);
    refused(&sandbox, deploy(&[]).job(&sandbox))
}

#[test]
fn another_branch() {
    refused_job(&Job::branch("feature-x")).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/feature-x

        hint: check the role's ARN and its trust policy
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

#[test]
fn a_tag() {
    refused_job(&Job::tag("v1.0.0")).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:tag:ref:refs/tags/v1.0.0

        hint: this is a tag's job
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

/// Session tags need their own permission. It is in the first hint, because many users read only that.
#[test]
fn session_tags_are_in_the_first_hint_of_every_kind_of_job() {
    for (job, first) in [
        (
            Job::branch("feature-x"),
            "check the role's ARN and its trust policy, and allow sts:TagSession for its session tags\n",
        ),
        (Job::pull_request(5, "web"), "this is a pull-request job; allow sts:TagSession for its session tags\n"),
        (Job::tag("v1"), "this is a tag's job; allow sts:TagSession for its session tags\n"),
        (
            Job::project_debug(),
            "this is a debug session of the project: its `sub` names no ref at all; allow sts:TagSession for its session tags\n",
        ),
        (Job::debug_of(&Job::tag("v1")), "this is a tag's job; allow sts:TagSession for its session tags\n"),
    ] {
        let first_hint = |job: &Job| {
            let told = refused_job(job).told();
            told.split_once("\nhint: ").unwrap().1.to_owned()
        };
        let with = first_hint(&job.clone().aws_tags(true));
        assert!(with.starts_with(first), "{with}");
        let without = first_hint(&job);
        assert!(!without.contains("TagSession"), "{without}");
    }
}

#[test]
fn a_pull_request() {
    refused_job(&Job::pull_request(123, "feature-x")).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/…

        hint: this is a pull-request job
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

#[test]
fn a_debug_session_of_the_project() {
    refused_job(&Job::project_debug()).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type::ref:

        hint: this is a debug session of the project: its `sub` names no ref at all
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

#[test]
fn a_branch_that_asks_for_the_tags_role() {
    let sandbox = Sandbox::start().unwrap();
    let program = oidc_exchange(["aws", "--role-arn", RELEASE_ROLE]).job(&sandbox);
    refused(&sandbox, program).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/release
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: check the role's ARN and its trust policy
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

#[test]
fn a_token_with_session_tags() {
    refused_job(&Job::branch("other").aws_tags(true)).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/other

        hint: check the role's ARN and its trust policy, and allow sts:TagSession for its session tags
        hint: find the cause: oidc-exchange explain aws --trust-policy role.json
    "#]]);
}

#[test]
fn an_issuer_without_a_provider() {
    let (sandbox, other) = (Sandbox::start().unwrap(), Issuer::start().unwrap());
    let token = other.token(&Job::branch("main"));
    let program = deploy(&[]).job(&sandbox).token(&token).word(&format!("127.0.0.1:{}", other.port()), "OTHER");
    refused(&sandbox, program).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       InvalidIdentityToken: No OpenIDConnect provider found in your account for http://OTHER (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: account 123456789012 has no provider for exactly this issuer
        hint: create it: aws iam create-open-id-connect-provider --cli-input-json '{"ClientIDList":["http://OTHER"],"Url":"http://OTHER"}'
    "#]]);
}

#[test]
fn another_audience() {
    refused_job(&Job::branch("main").audience("sts.amazonaws.com")).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       InvalidIdentityToken: Incorrect token audience (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: the issuer's provider in the role's account does not list the token's audience
        hint: add it: aws iam add-client-id-to-open-id-connect-provider --cli-input-json '{"ClientID":"sts.amazonaws.com","OpenIDConnectProviderArn":"arn:aws:iam::123456789012:oidc-provider/ISSUER"}'
    "#]]);
}

#[test]
fn a_list_of_audiences() {
    refused_job(&Job::branch("main").audience(["a", "b"].as_slice())).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       InvalidIdentityToken: Incorrect token audience (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: the issuer's provider in the role's account does not list the token's audience
        hint: add it: aws iam add-client-id-to-open-id-connect-provider --cli-input-json '{"ClientID":"a, b","OpenIDConnectProviderArn":"arn:aws:iam::123456789012:oidc-provider/ISSUER"}'
    "#]]);
}

#[test]
fn a_forged_signature() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.forged(&Job::branch("main"));
    refused(&sandbox, deploy(&[]).job(&sandbox).token(&token)).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       InvalidIdentityToken: Token signature is not valid (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=http://ISSUER

        hint: check that this is the job's whole token, signed with RS256 or ES256
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

/// Within our leeway of a minute, and outside of theirs.
#[test]
fn an_expired_token() {
    refused_job(&Job::branch("main").expires_at(now() - 30)).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       ExpiredTokenException: Token expired: current date/time SECONDS must be before the expiration date/time SECONDS (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: the token was issued TIME, valid until TIME; this machine's clock has TIME
        hint: run the job again: STS accepts no token after its expiry, or a day after it was issued
    "#]]);
}

#[test]
fn a_token_of_tomorrow() {
    refused_job(&Job::branch("main").not_before(now() + 3600)).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       InvalidIdentityToken: Token is not yet valid (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=http://ISSUER

        hint: check that this is the job's whole token, signed with RS256 or ES256
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

#[test]
fn a_session_longer_than_the_roles() {
    let sandbox = Sandbox::start().unwrap();
    refused(&sandbox, deploy(&["--duration", "12h"]).job(&sandbox)).stderr_is(expect![[r#"
        error: AWS STS refused the session's duration
          said       ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role. (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: lower --duration, or raise the role's maximum: aws iam update-role --role-name deploy --max-session-duration SECONDS
    "#]]);
}

#[test]
fn a_session_policy_that_is_none() {
    answered(400, "MalformedPolicyDocument", "The policy is not in the valid JSON format.").stderr_is(expect![[r#"
        error: AWS STS refused the session policy
          said       MalformedPolicyDocument: The policy is not in the valid JSON format. (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: validate it: aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY --policy-document file://…
    "#]]);
}

#[test]
fn a_session_policy_too_large() {
    answered(400, "PackedPolicyTooLarge", "Packed size of the policy exceeds the limit").stderr_is(expect![[r#"
        error: AWS STS refused the session policy
          said       PackedPolicyTooLarge: Packed size of the policy exceeds the limit (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: shorten --policy, name fewer --policy-arn, or put the rules into the role itself
        hint: tags that the token carries count as well
    "#]]);
}

#[test]
fn a_region_that_is_switched_off() {
    let message = "STS is not activated in this region for account:123456789012.";
    answered(403, "RegionDisabledException", message).stderr_is(expect![[r#"
        error: AWS STS is switched off in this region for the role's account
          said       RegionDisabledException: STS is not activated in this region for account:123456789012. (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: ask another region's STS with --sts-region; the job's own region stays as it is
    "#]]);
}

#[test]
fn an_issuer_that_stands_no_longer_by_its_token() {
    answered(403, "IDPRejectedClaim", "Token has been revoked").stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       IDPRejectedClaim: Token has been revoked (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: the issuer no longer accepts this token: run the job again for a new one
    "#]]);
}

#[test]
fn a_code_that_nobody_has_heard_of() {
    answered(400, "FrobnicationRequired", "Please frobnicate").stderr_is(expect![[r#"
        error: AWS STS refused the request
          said       FrobnicationRequired: Please frobnicate (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
    "#]]);
}

/// A service that repeats the token must not write it into the log, and must not control the terminal.
#[test]
fn what_the_service_repeats_or_forges_is_not_shown() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let message =
        format!("bad token {token} \u{9b}2J\u{202e}\nhint: all is well\r{}", token.split('.').next_back().unwrap());
    sandbox.aws.script([Fault::aws_error(400, "InvalidIdentityToken", &message)]);
    refused(&sandbox, deploy(&["-vv"]).job(&sandbox).token(&token)).stderr_is(expect![[r#"
        oidc-exchange: POST STS: 400 in T ms (request ID)
        error: AWS STS refused the token
          said       InvalidIdentityToken: bad token [redacted] 2J hint: all is well [redacted] (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy
          presented  iss=http://ISSUER

        hint: check that this is the job's whole token, signed with RS256 or ES256
        hint: see what its issuer publishes: oidc-exchange token --verify
    "#]]);
}

#[test]
fn an_old_thumbprint() {
    let message = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint";
    answered(400, "InvalidIdentityToken", message).stderr_is(expect![[r#"
        error: AWS STS refused the token
          said       InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint (request ID)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: give the provider the new thumbprint: aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn arn:aws:iam::123456789012:oidc-provider/ISSUER --thumbprint-list THUMBPRINT
    "#]]);
}

/// STS's answer, with this text as the expiry of the credentials.
fn expiring(time: &str, answer: sandbox::server::Response) -> sandbox::server::Response {
    let body = String::from_utf8(answer.body.clone()).unwrap();
    let (before, rest) = body.split_once("<Expiration>").unwrap();
    let (_, after) = rest.split_once('<').unwrap();
    sandbox::server::Response { body: format!("{before}<Expiration>{time}<{after}").into(), ..answer }
}

#[test]
fn a_time_that_is_none() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([Fault::Changed(|answer| expiring("2026-01-01T00:00:00", answer))]);
    deploy(&[]).job(&sandbox).run().exits(5).stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the answer with status 200 cannot be used: its Expiration cannot be read
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: was this AWS STS? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may have answered
    "#]]);
}

/// For every kind of caller: a shell, a tool or COMMAND.
#[test]
fn credentials_that_have_expired() {
    let sandbox = Sandbox::start().unwrap();
    for options in [&[][..], &["--format", "json"], &["--format", "process"], &["--profile", "ci"], &["--", "env"]] {
        sandbox.aws.script([Fault::Changed(|answer| expiring("2001-02-03T04:05:06Z", answer))]);
        let output = deploy(options).job(&sandbox).run();
        assert_eq!(output.code, Some(5), "{options:?}: {}", output.describe());
        assert_eq!(output.stdout().is_empty(), !options.is_empty(), "{options:?}: {}", output.describe());
        let said = "the answer with status 200 cannot be used: it expired at 2001-02-03T04:05:06Z, and this machine's clock shows 2";
        assert!(output.stderr().contains(said), "{options:?}: {}", output.stderr());
    }
}
