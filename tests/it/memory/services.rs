//! AWS STS, Google's two services, and Microsoft Entra.

use std::time::Duration;

use sandbox::{CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, Job, PROVIDER, Sandbox, TENANT};

use super::bodies::{SOME, crowds, large};
use super::server::{Answer, serve};
use super::{bounded, ends_well_or_is_told};
use crate::support::oidc_exchange;

fn aws(what: &str, answer: Answer) {
    let server = serve(move |_| answer.clone());
    let sandbox = Sandbox::start().unwrap();
    let program = oidc_exchange(["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy", "--timeout", "4s"]);
    let program = program.job_of(&sandbox, &Job::branch("main")).env("AWS_ENDPOINT_URL_STS", server.url()).hands_over();
    ends_well_or_is_told(what, &bounded(what, program));
}

/// An answer of STS with this as its session token.
fn assumed(token: &str, more: &str) -> String {
    format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>{more}\
         <Credentials><AccessKeyId>ASIAQ</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>{token}</SessionToken>\
         <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )
}

#[test]
fn aws_sts() {
    let size = 15 << 19;
    let repeated = |part: &str| part.repeat(size / part.len());
    for part in ["a", "&#1;", "&amp;", "<a>", "<a/>", "<a></a>", "<![CDATA[", "<!-- -->", "<a b='c'/>", "\n"] {
        for text in [assumed(&repeated(part), ""), assumed("t", &repeated(part)), repeated(part)] {
            aws(&format!("200 {part}"), Answer::new(200, text));
        }
        let error = format!(
            "<ErrorResponse><Error><Code>{0}</Code><Message>{0}</Message></Error></ErrorResponse>",
            part.repeat(size / part.len() / 2)
        );
        for status in [400, 403, 503] {
            aws(&format!("{status} {part}"), Answer::new(status, error.clone()));
        }
    }
    for kind in SOME {
        aws(kind, Answer::new(200, large(kind)));
        aws(kind, Answer::new(400, large(kind)));
    }
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        aws("endless", Answer::endless("<a>".repeat(if pause.is_zero() { 4096 } else { 1 }), pause));
    }
}

#[test]
fn crowds_of_small_things() {
    for (what, body) in crowds() {
        for status in [200, 400] {
            aws(what, Answer::new(status, body.clone()));
            google(what, &Answer::new(status, body.clone()));
            azure(what, Answer::new(status, body.clone()));
        }
    }
    let whole = assumed("t", "");
    let (text, _) = whole.split_once("<Credentials>").unwrap();
    aws("elements beside the credentials", Answer::new(200, assumed("t", &"<b>0</b>".repeat((7 << 20) / 8))));
    aws("credentials that never end", Answer::new(200, format!("{text}{}", "<Credentials>".repeat((7 << 20) / 13))));
}

#[test]
fn a_text_of_fifteen_megabytes() {
    aws("15 MB", Answer::new(200, assumed(&"a".repeat(15_000_000), "")));
    google("15 MB", &Answer::new(200, format!(r#"{{"access_token":"{}"}}"#, "a".repeat(15_000_000))));
    azure("15 MB", Answer::new(200, format!(r#"{{"access_token":"{}"}}"#, "a".repeat(15_000_000))));
}

/// For each service.
fn google(what: &str, answer: &Answer) {
    let sandbox = Sandbox::start().unwrap();
    for hostile_sts in [true, false] {
        let answer = answer.clone();
        let hostile = serve(move |_| answer.clone());
        let (sts, iam) = (sandbox.google.sts.url(), sandbox.google.iam.url());
        let (sts, iam) = if hostile_sts { (hostile.url(), iam) } else { (sts, hostile.url()) };
        let program = oidc_exchange(["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT]);
        let program = program.args(["--sts-endpoint", &sts, "--iamcredentials-endpoint", &iam, "--timeout", "4s"]);
        let program = program.job_of(&sandbox, &Job::branch("main")).hands_over();
        ends_well_or_is_told(what, &bounded(what, program));
    }
}

#[test]
fn google_services() {
    for kind in SOME {
        let hostile = large(kind);
        for body in [
            hostile.clone(),
            format!(r#"{{"access_token":{hostile},"accessToken":"a"}}"#),
            format!(
                r#"{{"access_token":"t","token_type":"Bearer","accessToken":"t","expireTime":"2099-01-01T00:00:00Z","x":{hostile}}}"#
            ),
        ] {
            google(kind, &Answer::new(200, body));
        }
        for body in [
            format!(r#"{{"error":{hostile},"error_description":"x"}}"#),
            format!(r#"{{"error":"x","error_description":{hostile}}}"#),
            format!(r#"{{"error":{{"status":"x","details":{hostile}}}}}"#),
        ] {
            google(kind, &Answer::new(400, body));
        }
    }
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        google("endless", &Answer::endless("{\"\":[".repeat(if pause.is_zero() { 4096 } else { 1 }), pause));
    }
}

fn ecr(what: &str, answer: Answer) {
    let server = serve(move |_| answer.clone());
    let sandbox = Sandbox::start().unwrap();
    let role = ["aws", "--role-arn", DEPLOY_ROLE, "--registry", "123456789012.dkr.ecr.us-east-1.amazonaws.com"];
    let program = oidc_exchange(role).args(["--timeout", "4s"]);
    let program = program.job_of(&sandbox, &Job::branch("main")).env("AWS_ENDPOINT_URL_ECR", server.url());
    ends_well_or_is_told(what, &bounded(what, program));
}

#[test]
fn ecr_passwords() {
    for kind in SOME.into_iter().chain(["empty objects"]) {
        let hostile = large(kind);
        for body in [
            hostile.clone(),
            format!(r#"{{"authorizationData":{hostile}}}"#),
            format!(r#"{{"authorizationData":[{{"authorizationToken":"QVdTOmI=","expiresAt":4e9,"x":{hostile}}}]}}"#),
            format!(r#"{{"authorizationData":[{{"authorizationToken":"QVdTOmI=","expiresAt":4e9}},{hostile}]}}"#),
        ] {
            ecr(kind, Answer::new(200, body));
        }
        ecr(kind, Answer::new(400, format!(r#"{{"__type":"x","message":{hostile}}}"#)));
    }
    let many = format!(r#"{{"authorizationData":[{}{{}}]}}"#, "{},".repeat(2_500_000));
    ecr("millions of empty objects", Answer::new(200, many));
}

fn azure(what: &str, answer: Answer) {
    let server = serve(move |_| answer.clone());
    let sandbox = Sandbox::start().unwrap();
    let program = oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--timeout", "4s"]);
    let program = program.job_of(&sandbox, &Job::branch("main")).env("AZURE_AUTHORITY_HOST", server.url()).hands_over();
    ends_well_or_is_told(what, &bounded(what, program));
}

#[test]
fn entra() {
    for kind in SOME {
        let hostile = large(kind);
        for body in [
            hostile.clone(),
            format!(r#"{{"access_token":{hostile},"token_type":"Bearer","expires_in":3599}}"#),
            format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":3599,"x":{hostile}}}"#),
        ] {
            azure(kind, Answer::new(200, body));
        }
        for body in [
            format!(r#"{{"error":{hostile},"error_description":"x"}}"#),
            format!(r#"{{"error":"x","error_description":{hostile}}}"#),
            format!(r#"{{"error":"x","error_description":"x","error_codes":{hostile}}}"#),
            format!(r#"{{"error":"x","error_description":"x","trace_id":{hostile},"timestamp":{hostile}}}"#),
        ] {
            azure(kind, Answer::new(400, body));
        }
    }
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        azure("endless", Answer::endless("{\"\":[".repeat(if pause.is_zero() { 4096 } else { 1 }), pause));
    }
}
