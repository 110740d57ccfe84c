//! Answers of AWS STS.

use std::time::Duration;

use sandbox::{Fault, Job, Sandbox};

use super::Runs;
use crate::aws::deploy;

const ANSWERS: [(&str, u16, &str, &str); 15] = [
    ("the trust policy", 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    (
        "no provider",
        400,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://acme.semaphoreci.com",
    ),
    ("the audience", 400, "InvalidIdentityToken", "Incorrect token audience"),
    (
        "a thumbprint",
        400,
        "InvalidIdentityToken",
        "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
    ),
    ("the signature", 400, "InvalidIdentityToken", "Provided Token is not a valid web identity token"),
    ("a claim that is missing", 400, "InvalidIdentityToken", "Missing a required claim: sub"),
    ("the issuer's rejection", 403, "IDPRejectedClaim", "The identity provider rejected the token"),
    (
        "an expired token",
        400,
        "ExpiredTokenException",
        "Token expired: current date/time 1790000000 must be before the expiration date/time 1780000000",
    ),
    ("an old token", 400, "ExpiredTokenException", "Token must be redeemed within 24 hours of issuance"),
    ("a policy that is malformed", 400, "MalformedPolicyDocument", "Syntax errors in policy."),
    (
        "a policy that is too large",
        400,
        "PackedPolicyTooLarge",
        "Packed policy consumes 105% of allotted space, please use smaller policy.",
    ),
    (
        "a region that is switched off",
        403,
        "RegionDisabledException",
        "STS is not activated in this region for account:123456789012. Your account administrator can activate STS in this region using the IAM Console.",
    ),
    (
        "the duration",
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
    (
        "a parameter",
        400,
        "ValidationError",
        "1 validation error detected: Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ),
    (
        "an organization's policy",
        403,
        "AccessDenied",
        "User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-4cd3a4a5-0cb1-4a6e-9f6d-8a0a9d2f1b3c is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::123456789012:role/deploy with an explicit deny in a service control policy",
    ),
];

const LATER: [(&str, u16, &str, &str); 5] = [
    (
        "the issuer's keys",
        400,
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    ),
    ("the issuer", 400, "IDPCommunicationError", "The identity provider is not reachable"),
    ("too many calls", 400, "Throttling", "Rate exceeded"),
    (
        "a failure of the service",
        500,
        "InternalFailure",
        "The request processing has failed because of an unknown error.",
    ),
    ("a service that is down", 503, "ServiceUnavailable", "Service Unavailable"),
];

#[test]
fn of_the_first_call() {
    let mut runs = Runs::with_longer(&[(
        "an organization's policy",
        "AWS quotes two ARNs, and the reason is at the end of its message",
    )]);
    let sandbox = Sandbox::start().unwrap();
    for (kind, status, code, message) in ANSWERS {
        sandbox.aws.script([Fault::aws_error(status, code, message)]);
        runs.add(kind, 4, &deploy(&[]).job(&sandbox).run());
    }
    for (kind, status, code, message) in LATER {
        sandbox.aws.always(Fault::aws_error(status, code, message));
        runs.add(kind, 5, &deploy(&["--timeout", "1s"]).job(&sandbox).run());
    }
    sandbox.aws.always(None);
    for (kind, job) in [
        ("a branch", Job::branch("other")),
        ("a tag", Job::tag("v1")),
        ("a pull request", Job::pull_request(7, "topic")),
    ] {
        runs.add(kind, 4, &deploy(&[]).job_of(&sandbox, &job).run());
    }
    let role = "arn:aws:iam::999999999999:role/deploy";
    runs.add("another account", 4, &crate::support::oidc_exchange(["aws", "--role-arn", role]).job(&sandbox).run());
    runs.add(
        "an account that is not allowed",
        4,
        &deploy(&["--allowed-account-id", "999999999999"]).job(&sandbox).run(),
    );
    runs.are_short(25);
}

#[test]
fn of_further_calls() {
    let mut runs = Runs::with_longer(&[("a chain's first role", "the title has the place in the chain as well")]);
    let sandbox = Sandbox::start().unwrap();
    let own = |fault| [Fault::Delay(Duration::ZERO), fault];
    let denied = "User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-4cd3a4a5-0cb1-4a6e-9f6d-8a0a9d2f1b3c is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/target";
    sandbox.aws.script(own(Fault::aws_error(403, "AccessDenied", denied)));
    let chain = ["--chain-role-arn", "arn:aws:iam::210987654321:role/target"];
    let job = Job::branch("main").with_id("4cd3a4a5-0cb1-4a6e-9f6d-8a0a9d2f1b3c");
    runs.add("a chain", 4, &deploy(&chain).job_of(&sandbox, &job).run());
    sandbox.aws.script(own(Fault::aws_error(
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z",
    )));
    runs.add("the clock", 4, &deploy(&["--verify"]).job(&sandbox).run());
    sandbox.aws.script([Fault::aws_error(
        403,
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    )]);
    runs.add("a chain's first role", 4, &deploy(&chain).job_of(&sandbox, &Job::branch("x")).run());
    runs.are_short(3);
}
