//! ECR's answers without a password.

use std::time::Duration;

use sandbox::{DEPLOY_ROLE, Fault, Sandbox};

use super::{HOST, config, register};
use crate::support::expect;

#[test]
fn a_role_that_may_not_is_told_what_it_needs() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.deny(DEPLOY_ROLE);
    let output = register(&sandbox, &[HOST]).run();
    output.exits(4).stdout_is("").stderr_is(expect![[r#"
        error: Amazon ECR refused to give a password
          said       AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 is not authorized to perform:  … thorizationToken action (request ID)
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com

        hint: allow ecr:GetAuthorizationToken on the resource * in the role's policies (and in --policy and --policy-arn)
    "#]]);
    assert!(!config(&output.scratch).exists() && output.scratch.files().is_empty());
    let output = register(&sandbox, &["public.ecr.aws"]).run();
    output.exits(4).stdout_is("").stderr_is(expect![[r#"
        error: Amazon ECR Public refused to give a password
          said       AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 is not authorized to perform:  … thorizationToken action (request ID)
          asked for  the password of public.ecr.aws

        hint: allow ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken on the resource * in the role's policies (and in --policy and --policy-arn)
    "#]]);
    assert_eq!(sandbox.ecr.requests().len(), 2, "a refusal is not repeated");
}

fn answer(status: u16, body: &str) -> Fault {
    Fault::Status { status, headers: Vec::new(), body: body.to_owned() }
}

#[test]
fn each_refusal_has_its_cause() {
    let sandbox = Sandbox::start().unwrap();
    let mut told = String::new();
    for (status, body, exit) in [
        (
            400,
            r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#,
            4,
        ),
        (
            400,
            r#"{"__type":"InvalidSignatureException","message":"Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z"}"#,
            4,
        ),
        (
            400,
            r#"{"__type":"InvalidSignatureException","message":"The request signature we calculated does not match"}"#,
            4,
        ),
        (
            400,
            r#"{"__type":"com.amazonaws.ecr#InvalidParameterException","message":"Invalid parameter at 'registryIds'"}"#,
            4,
        ),
        (403, "<html>sign in</html>", 5),
        (200, "<html>sign in</html>", 5),
        (200, r#"{"authorizationData":[]}"#, 5),
    ] {
        sandbox.ecr.script([answer(status, body)]);
        let output = register(&sandbox, &[HOST]).run();
        output.exits(exit).stdout_is("");
        assert!(!config(&output.scratch).exists());
        told.push_str(&output.told());
    }
    expect![[r#"
        error: Amazon ECR refused to give a password
          said       ExpiredTokenException: The security token included in the request is expired
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com
          presented  a session of arn:aws:iam::123456789012:role/deploy

        hint: check this machine's clock: it has TIME
        error: Amazon ECR refused to give a password
          said       InvalidSignatureException: Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com
          presented  a session of arn:aws:iam::123456789012:role/deploy

        hint: check this machine's clock: it has TIME
        error: Amazon ECR refused to give a password
          said       InvalidSignatureException: The request signature we calculated does not match
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com
          presented  a session of arn:aws:iam::123456789012:role/deploy

        hint: a proxy, or the service that AWS_ENDPOINT_URL_ECR or AWS_ENDPOINT_URL names, may have changed the request
        error: Amazon ECR refused to give a password
          said       InvalidParameterException: Invalid parameter at 'registryIds'
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com
          presented  a session of arn:aws:iam::123456789012:role/deploy
        error: Amazon ECR could not be reached or kept failing
          said       status 403, without an error code of ECR
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com

        hint: was this Amazon ECR? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_ECR may have answered
        error: Amazon ECR could not be reached or kept failing
          said       the answer with status 200 cannot be used: it is not JSON
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com

        hint: was this Amazon ECR? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_ECR may have answered
        error: Amazon ECR could not be reached or kept failing
          said       the answer with status 200 cannot be used: it has no password
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com

        hint: was this Amazon ECR? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_ECR may have answered
    "#]]
    .assert_eq(&told);
}

#[test]
fn what_heals_is_tried_again() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.script([
        answer(400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#),
        answer(500, r#"{"__type":"ServerException","message":"x"}"#),
        answer(400, r#"{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."}"#),
        Fault::ResetBeforeHeaders,
    ]);
    register(&sandbox, &[HOST]).args(["--quiet"]).run().exits(0).stdout_is("");
    assert_eq!((sandbox.aws.requests().len(), sandbox.ecr.requests().len()), (1, 5));
}

#[test]
fn keys_that_stay_unknown_are_told() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.always(answer(400, r#"{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."}"#));
    let output = register(&sandbox, &[HOST]).args(["--quiet"]).run();
    output.exits(4).stdout_is("").stderr_is(expect![[r#"
        error: Amazon ECR refused to give a password
          said       UnrecognizedClientException: The security token included in the request is invalid.; still so after N attempts in T s
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com

        hint: check that the account has enabled the region eu-west-1; unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_ECR if they name another service
    "#]]);
    assert!(output.took > Duration::from_secs(5) && output.took < Duration::from_secs(40), "{:?}", output.took);
}

/// A service that repeats the request cannot write any of it into the log.
#[test]
fn a_service_that_repeats_secrets_is_not_quoted() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.always(Fault::Indiscreet);
    register(&sandbox, &[HOST]).args(["-v"]).run().exits(4).stdout_is("");
}
