//! What the Security Token Service accepts and refuses, and in which words.

use std::collections::HashSet;
use std::time::Duration;

use sandbox::{DEPLOY_ROLE, Issuer, Job, Outage, RELEASE_ROLE, Sandbox, now, trust};
use serde_json::json;

use crate::raw::{Raw, exchange, post};

/// The usual request, with these fields over it.
fn assume(sandbox: &Sandbox, token: &str, over: &[(&str, &str)]) -> Raw {
    let usual = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", DEPLOY_ROLE),
        ("RoleSessionName", "test"),
        ("WebIdentityToken", token),
    ];
    let kept = usual.into_iter().filter(|(name, _)| !over.iter().any(|(other, _)| other == name));
    let fields: Vec<_> = kept.chain(over.iter().copied()).collect();
    exchange(&sandbox.aws, &post(&fields, ""))
}

fn main_job(sandbox: &Sandbox) -> String {
    sandbox.issuer.token(&Job::branch("main"))
}

#[track_caller]
fn refused(raw: &Raw, status: u16, code: &str, message: &str) {
    assert_eq!(raw.refusal(), (status, code.to_owned(), message.to_owned()));
    let header = raw.text().split_once("x-amzn-RequestId: ").map(|(_, rest)| rest[..36].to_owned());
    assert_eq!(header, raw.element("RequestId"));
}

const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider, please reference \
                      AssumeRoleWithWebIdentity documentation for requirements";
const NOT_A_JWT: &str =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const NOT_AUTHORIZED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

#[test]
fn a_good_token_is_traded_for_credentials_that_are_known() {
    let sandbox = Sandbox::start().unwrap();
    let raw = assume(&sandbox, &main_job(&sandbox), &[]);
    assert_eq!(raw.status(), 200, "{}", raw.text());
    let issued = &sandbox.aws.issued()[0];
    assert_eq!(raw.element("AccessKeyId").as_ref(), Some(&issued.access_key_id));
    assert_eq!(raw.element("SecretAccessKey").as_ref(), Some(&issued.secret_access_key));
    assert_eq!(raw.element("SessionToken").as_ref(), Some(&issued.session_token));
    assert_eq!(raw.element("Arn").unwrap(), "arn:aws:sts::123456789012:assumed-role/deploy/test");
    assert_eq!(raw.element("Audience").unwrap(), sandbox.issuer.url());
    assert_eq!(raw.element("SubjectFromWebIdentityToken").unwrap(), Job::branch("main").subject());
    assert!(issued.access_key_id.starts_with("ASIA") && issued.access_key_id.len() == 20);
    assert_eq!(issued.secret_access_key.len(), 40);
    assume(&sandbox, &main_job(&sandbox), &[]);
    let different: HashSet<String> = sandbox.aws.issued().into_iter().map(|one| one.session_token).collect();
    assert_eq!(different.len(), 2);
    assert_eq!(sandbox.aws.requests()[0].field("RoleSessionName"), Some("test"));
}

#[test]
fn a_token_that_is_not_the_issuers_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = &sandbox.issuer;
    let job = Job::branch("main");
    let signature = "Token signature is not valid";
    refused(&assume(&sandbox, &issuer.forged(&job), &[]), 400, "InvalidIdentityToken", signature);
    refused(&assume(&sandbox, &issuer.unknown_kid(&job), &[]), 400, "InvalidIdentityToken", NO_KEY);
    for token in [issuer.unsigned(&job), "eyJhbGciOiJSUzI1NiJ9".into(), format!("{}=", issuer.token(&job))] {
        refused(&assume(&sandbox, &token, &[]), 400, "InvalidIdentityToken", NOT_A_JWT);
    }
    let other = Issuer::start().unwrap();
    let unknown = format!("No OpenIDConnect provider found in your account for {}", other.url());
    refused(&assume(&sandbox, &other.token(&job), &[]), 400, "InvalidIdentityToken", &unknown);
    assert!(sandbox.aws.issued().is_empty());
}

#[test]
fn times_and_audience_are_checked() {
    let sandbox = Sandbox::start().unwrap();
    let token = |job: Job| sandbox.issuer.token(&job);
    let raw = assume(&sandbox, &token(Job::branch("main").expires_at(now() - 1)), &[]);
    assert_eq!((raw.status(), raw.element("Code").unwrap()), (400, "ExpiredTokenException".to_owned()));
    let message = raw.element("Message").unwrap();
    assert!(message.starts_with("Token expired: current date/time "), "{message}");
    assert!(message.contains(" must be before the expiration date/time "), "{message}");
    let early = Job::branch("main").not_before(now() + 60);
    refused(&assume(&sandbox, &token(early), &[]), 400, "InvalidIdentityToken", "Token is not yet valid");
    let elsewhere = Job::branch("main").audience("sts.amazonaws.com");
    refused(&assume(&sandbox, &token(elsewhere), &[]), 400, "InvalidIdentityToken", "Incorrect token audience");
    let nobody = Job::branch("main").without("sub");
    refused(&assume(&sandbox, &token(nobody), &[]), 400, "InvalidIdentityToken", "Missing a required claim: sub");
}

#[test]
fn keys_are_fetched_once_and_again_after_a_rotation() {
    let sandbox = Sandbox::start().unwrap();
    for _ in 0..2 {
        assert_eq!(assume(&sandbox, &main_job(&sandbox), &[]).status(), 200);
    }
    assert_eq!(sandbox.issuer.requests().len(), 2, "discovery and keys");
    sandbox.issuer.rotate();
    assert_eq!(assume(&sandbox, &main_job(&sandbox), &[]).status(), 200);
    assert_eq!(sandbox.issuer.requests().len(), 4);
}

#[test]
fn an_issuer_out_of_order_gives_no_key() {
    let sandbox = Sandbox::start().unwrap();
    for outage in [Outage::Unreachable, Outage::ServerError, Outage::Html] {
        sandbox.issuer.set_outage(outage);
        refused(&assume(&sandbox, &main_job(&sandbox), &[]), 400, "InvalidIdentityToken", NO_KEY);
    }
    sandbox.issuer.set_outage(None);
    assert_eq!(assume(&sandbox, &main_job(&sandbox), &[]).status(), 200);
}

#[test]
fn the_trust_policy_decides() {
    let sandbox = Sandbox::start().unwrap();
    let status = |job: &Job, role: &str| {
        let raw = assume(&sandbox, &sandbox.issuer.token(job), &[("RoleArn", role)]);
        if raw.status() != 200 {
            refused(&raw, 403, "AccessDenied", NOT_AUTHORIZED);
        }
        raw.status()
    };
    let (branch, tag, pull) = (Job::branch("main"), Job::tag("v1.0.0"), Job::pull_request(123, "feature-x"));
    assert_eq!([&branch, &tag, &pull].map(|job| status(job, DEPLOY_ROLE)), [200, 403, 403]);
    assert_eq!([&branch, &tag, &pull].map(|job| status(job, RELEASE_ROLE)), [403, 200, 403]);
    assert_eq!(status(&Job::branch("main2"), DEPLOY_ROLE), 403);
    assert_eq!(status(&Job::branch("main").repo("other"), DEPLOY_ROLE), 403);
    assert_eq!(status(&Job::debug_of(&branch), DEPLOY_ROLE), 200, "a debug job has the same subject");
    assert_eq!(status(&branch, "arn:aws:iam::123456789012:role/absent"), 403);
}

#[test]
fn a_token_with_tags_needs_leave_to_tag() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main").aws_tags(true));
    assert_eq!(assume(&sandbox, &token, &[]).status(), 200);
    assert_eq!(sandbox.aws.issued()[0].tags.len(), 8);
    let mut policy = trust(&sandbox.issuer.url(), "StringLike", "*");
    policy["Statement"][0]["Action"] = json!("sts:AssumeRoleWithWebIdentity");
    sandbox.aws.create_role(DEPLOY_ROLE, &policy).unwrap();
    refused(&assume(&sandbox, &token, &[]), 403, "AccessDenied", NOT_AUTHORIZED);
    assert_eq!(assume(&sandbox, &main_job(&sandbox), &[]).status(), 200, "without tags");
    policy["Statement"][0]["Action"] = json!("sts:*");
    policy["Statement"][0]["Condition"]["StringEquals"]["aws:RequestTag/ref_type"] = json!("tag");
    sandbox.aws.create_role(DEPLOY_ROLE, &policy).unwrap();
    refused(&assume(&sandbox, &token, &[]), 403, "AccessDenied", NOT_AUTHORIZED);
}

#[test]
fn parameters_have_their_limits() {
    let sandbox = Sandbox::start().unwrap();
    let token = main_job(&sandbox);
    let one = |rest: &str| format!("1 validation error detected: {rest}");
    let must = "failed to satisfy constraint: Member must";
    let cases = [
        (
            "RoleSessionName",
            "a b",
            one(&format!(r"Value 'a b' at 'roleSessionName' {must} satisfy regular expression pattern: [\w+=,.@-]*")),
        ),
        (
            "RoleSessionName",
            "a",
            one(&format!("Value 'a' at 'roleSessionName' {must} have length greater than or equal to 2")),
        ),
        (
            "DurationSeconds",
            "899",
            one(&format!("Value '899' at 'durationSeconds' {must} have value greater than or equal to 900")),
        ),
        (
            "DurationSeconds",
            "43201",
            one(&format!("Value '43201' at 'durationSeconds' {must} have value less than or equal to 43200")),
        ),
        (
            "DurationSeconds",
            "7200",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned(),
        ),
        ("RoleArn", "arn:aws:iam::123456789012:user/deploy", "Request ARN is invalid".to_owned()),
    ];
    for (name, value, message) in cases {
        refused(&assume(&sandbox, &token, &[(name, value)]), 400, "ValidationError", &message);
    }
    let long = "x".repeat(20_001);
    assert_eq!(assume(&sandbox, &long, &[]).element("Code").unwrap(), "ValidationError");
    let policy = assume(&sandbox, &token, &[("Policy", "{\"Version\":")]);
    refused(&policy, 400, "MalformedPolicyDocument", "This policy contains invalid Json");
    let absent = exchange(&sandbox.aws, &post(&[("Action", "AssumeRoleWithWebIdentity")], ""));
    assert!(absent.element("Message").unwrap().starts_with("3 validation errors detected: Value null at 'roleArn'"));
    let other = exchange(&sandbox.aws, &post(&[("Action", "Frobnicate")], ""));
    assert_eq!(other.element("Code").unwrap(), "InvalidAction");
    let packed = assume(&sandbox, &token, &[("Policy", "{}")]);
    assert_eq!(packed.element("PackedPolicySize").unwrap(), "1");
}

#[test]
fn a_longer_role_gives_longer_sessions() {
    let sandbox = Sandbox::start().unwrap();
    let policy = trust(&sandbox.issuer.url(), "StringLike", "*");
    sandbox.aws.create_role_lasting(DEPLOY_ROLE, &policy, Duration::from_hours(12)).unwrap();
    assert_eq!(assume(&sandbox, &main_job(&sandbox), &[("DurationSeconds", "43200")]).status(), 200);
}

#[test]
fn a_stray_session_token_confuses_it_as_it_does_aws() {
    let sandbox = Sandbox::start().unwrap();
    let token = main_job(&sandbox);
    let fields = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", DEPLOY_ROLE),
        ("RoleSessionName", "test"),
        ("WebIdentityToken", token.as_str()),
    ];
    let raw = exchange(&sandbox.aws, &post(&fields, "x-amz-security-token: stale\r\n"));
    refused(&raw, 400, "InvalidIdentityToken", NO_KEY);
}

#[test]
fn calls_that_must_be_signed_are_refused_unsigned() {
    let sandbox = Sandbox::start().unwrap();
    for action in ["GetCallerIdentity", "AssumeRole"] {
        let raw = exchange(&sandbox.aws, &post(&[("Action", action)], ""));
        refused(&raw, 403, "MissingAuthenticationToken", "Request is missing Authentication Token");
        let signed = "authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/sts/aws4_request, \
                      SignedHeaders=host, Signature=00\r\n";
        let raw = exchange(&sandbox.aws, &post(&[("Action", action)], signed));
        assert_eq!(raw.element("Code").unwrap(), "InvalidClientTokenId");
    }
}

#[test]
fn throttling_and_outages_answer_as_aws() {
    let sandbox = Sandbox::start().unwrap();
    let token = main_job(&sandbox);
    sandbox.aws.throttle(1);
    assert_eq!(assume(&sandbox, &token, &[]).status(), 200);
    refused(&assume(&sandbox, &token, &[]), 400, "Throttling", "Rate exceeded");
    sandbox.aws.outage_for(Duration::from_mins(1));
    refused(&assume(&sandbox, &token, &[]), 503, "ServiceUnavailable", "Service Unavailable");
}
