//! Signed calls, with the signatures of AWS's own signer: who am I, and the next role.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use sandbox::aws::{Issued, Sts};
use sandbox::{ACCOUNT, DEPLOY_ROLE, Issuer, Job, trust};
use serde_json::{Value, json};

use crate::raw::{Raw, exchange, post};

const NEXT: &str = "arn:aws:iam::210987654321:role/next";

fn first(aws_tags: bool) -> (Sts, Issued) {
    let issuer = Issuer::start().unwrap();
    let sts = Sts::start().unwrap();
    sts.register_provider(ACCOUNT, &issuer.url(), &[&issuer.url()]);
    sts.create_role(DEPLOY_ROLE, &trust(&issuer.url(), "StringLike", "*")).unwrap();
    let token = issuer.token(&Job::branch("main").aws_tags(aws_tags));
    let fields = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", DEPLOY_ROLE),
        ("RoleSessionName", "first"),
        ("WebIdentityToken", token.as_str()),
    ];
    assert_eq!(exchange(&sts, &post(&fields, "")).status(), 200);
    let session = sts.issued()[0].clone();
    (sts, session)
}

fn signed(sts: &Sts, session: &Issued, secret: &str, fields: &[(&str, &str)]) -> Raw {
    let plain = post(fields, "");
    let body = plain.split_once("\r\n\r\n").unwrap().1;
    let identity = Credentials::builder()
        .access_key_id(&session.access_key_id)
        .secret_access_key(secret)
        .session_token(&session.session_token)
        .provider_name("test")
        .build()
        .into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-central-1")
        .name("sts")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = [("host", "sandbox"), ("content-type", "application/x-www-form-urlencoded")];
    let request =
        SignableRequest::new("POST", "http://sandbox/", headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
    let (instructions, _) = sign(request.unwrap(), &parameters).unwrap().into_parts();
    let headers: String = instructions.headers().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    exchange(sts, &post(fields, &headers))
}

fn assume(sts: &Sts, session: &Issued, over: &[(&str, &str)]) -> Raw {
    let usual = [("Action", "AssumeRole"), ("RoleArn", NEXT), ("RoleSessionName", "second")];
    let fields: Vec<_> = usual.into_iter().chain(over.iter().copied()).collect();
    signed(sts, session, &session.secret_access_key, &fields)
}

fn admits(principal: &str, actions: &Value, condition: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions, "Condition": condition,
    }]})
}

#[test]
fn the_caller_is_told_who_it_is() {
    let (sts, session) = first(false);
    let raw = signed(&sts, &session, &session.secret_access_key, &[("Action", "GetCallerIdentity")]);
    assert_eq!(raw.status(), 200, "{}", raw.text());
    assert_eq!(raw.element("Arn").unwrap(), "arn:aws:sts::123456789012:assumed-role/deploy/first");
    assert_eq!(raw.element("Account").unwrap(), ACCOUNT);
    assert_eq!(raw.element("UserId").unwrap(), session.user_id());
}

#[test]
fn a_wrong_secret_and_a_wrong_session_token_are_refused() {
    let (sts, mut session) = first(false);
    let raw = signed(&sts, &session, "another", &[("Action", "GetCallerIdentity")]);
    assert_eq!((raw.status(), raw.element("Code").unwrap()), (403, "SignatureDoesNotMatch".to_owned()));
    session.session_token.push('x');
    let raw = signed(&sts, &session, &session.secret_access_key, &[("Action", "GetCallerIdentity")]);
    assert_eq!((raw.status(), raw.element("Code").unwrap()), (403, "InvalidClientTokenId".to_owned()));
}

#[test]
fn the_next_role_asks_for_its_external_id() {
    let (sts, session) = first(false);
    let condition = json!({ "StringEquals": { "sts:ExternalId": "shared" } });
    sts.create_role(NEXT, &admits(DEPLOY_ROLE, &json!("sts:AssumeRole"), &condition)).unwrap();
    let refused = assume(&sts, &session, &[]).refusal();
    let words = format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {NEXT}", session.arn());
    assert_eq!(refused, (403, "AccessDenied".to_owned(), words));
    let raw = assume(&sts, &session, &[("ExternalId", "shared")]);
    assert_eq!(raw.status(), 200, "{}", raw.text());
    let next = &sts.issued()[1];
    assert_eq!((next.account(), next.session_name.as_str()), ("210987654321", "second"));
    assert_eq!(raw.element("SessionToken").as_ref(), Some(&next.session_token));
}

#[test]
fn a_chained_session_lasts_an_hour_at_most() {
    let (sts, session) = first(false);
    let policy = admits(ACCOUNT, &json!("sts:*"), &json!({}));
    sts.create_role_lasting(NEXT, &policy, Duration::from_hours(12)).unwrap();
    let words = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
    let refused = assume(&sts, &session, &[("DurationSeconds", "3601")]).refusal();
    assert_eq!(refused, (400, "ValidationError".to_owned(), words.to_owned()));
    assert_eq!(assume(&sts, &session, &[("DurationSeconds", "3600")]).status(), 200);
}

#[test]
fn transitive_tags_go_on_and_need_leave_at_each_step() {
    let (sts, session) = first(true);
    sts.create_role(NEXT, &admits(ACCOUNT, &json!("sts:AssumeRole"), &json!({}))).unwrap();
    assert_eq!(assume(&sts, &session, &[]).status(), 403);
    let condition = json!({ "StringEquals": { "aws:RequestTag/ref_type": "branch", "aws:RequestTag/team": "a" } });
    sts.create_role(NEXT, &admits(ACCOUNT, &json!(["sts:AssumeRole", "sts:TagSession"]), &condition)).unwrap();
    let team = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")];
    assert_eq!(assume(&sts, &session, &team).status(), 200);
    assert_eq!(sts.issued()[1].tags.len(), 9);
}

#[test]
fn a_source_identity_needs_leave() {
    let (sts, session) = first(false);
    sts.create_role(NEXT, &admits(DEPLOY_ROLE, &json!("sts:AssumeRole"), &json!({}))).unwrap();
    assert_eq!(assume(&sts, &session, &[("SourceIdentity", "ci")]).status(), 403);
    sts.create_role(NEXT, &admits(DEPLOY_ROLE, &json!("sts:*"), &json!({}))).unwrap();
    assert_eq!(assume(&sts, &session, &[("SourceIdentity", "ci")]).element("SourceIdentity").unwrap(), "ci");
}
