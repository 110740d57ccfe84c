//! Google's two services, as the reference describes them.

use std::time::Duration;

use sandbox::google::Google;
use sandbox::{DEPLOY_ACCOUNT, Job, POOL, PROVIDER, RELEASE_ACCOUNT, Sandbox, Server, now};
use serde_json::{Value, json};

use crate::raw::exchange;

const USER: &str = "roles/iam.workloadIdentityUser";
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Status and body.
fn send(server: &Server, path: &str, headers: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n");
    let raw = exchange(server, &format!("{head}{headers}content-length: {length}\r\n\r\n{body}"));
    (raw.status(), serde_json::from_str(&raw.body()).unwrap())
}

fn fields<'a>(token: &'a str, audience: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", audience),
        ("scope", CLOUD_PLATFORM),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("subject_token", token),
    ]
}

fn trade_with(google: &Google, fields: &[(&str, &str)], headers: &str) -> (u16, Value) {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = format!("content-type: application/x-www-form-urlencoded\r\n{headers}");
    send(&google.sts, "/v1/token", &headers, &body)
}

fn trade(google: &Google, token: &str) -> (u16, Value) {
    trade_with(google, &fields(token, &format!("//iam.googleapis.com/{PROVIDER}")), "")
}

fn federated(sandbox: &Sandbox, job: &Job) -> String {
    let (status, answer) = trade(&sandbox.google, &sandbox.issuer.token(job));
    assert_eq!(status, 200, "{answer}");
    answer["access_token"].as_str().unwrap().to_owned()
}

fn generate(google: &Google, account: &str, verb: &str, bearer: &str, body: &Value) -> (u16, Value) {
    let path = format!("/v1/projects/-/serviceAccounts/{account}:{verb}");
    let headers = format!("authorization: Bearer {bearer}\r\ncontent-type: application/json\r\n");
    send(&google.iam, &path, &headers, &body.to_string())
}

fn access_token(google: &Google, account: &str, bearer: &str) -> (u16, Value) {
    generate(google, account, "generateAccessToken", bearer, &json!({ "scope": [CLOUD_PLATFORM] }))
}

#[test]
fn a_good_token_is_traded_twice() {
    let sandbox = Sandbox::start().unwrap();
    let (_, answer) = trade(&sandbox.google, &sandbox.issuer.token(&Job::branch("main")));
    assert_eq!((answer["token_type"].as_str(), answer["expires_in"].as_i64()), (Some("Bearer"), Some(3600)));
    let (status, answer) = access_token(&sandbox.google, DEPLOY_ACCOUNT, answer["access_token"].as_str().unwrap());
    assert_eq!(status, 200, "{answer}");
    assert!(humantime::parse_rfc3339(answer["expireTime"].as_str().unwrap()).is_ok());
    assert!(sandbox.google.issued()[0].token == answer["accessToken"].as_str().unwrap());
}

#[test]
fn sts_wants_its_fields_and_no_authorization_header() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let audience = format!("//iam.googleapis.com/{PROVIDER}");
    let good = fields(&token, &audience);
    for index in 0..good.len() {
        let mut fields = good.clone();
        fields.remove(index);
        assert_eq!(trade_with(&sandbox.google, &fields, "").0, 400);
    }
    assert_eq!(trade_with(&sandbox.google, &good, "authorization: Bearer x\r\n").0, 401);
    let json: Value = json!({
        "grantType": good[0].1, "audience": good[1].1, "scope": good[2].1, "requestedTokenType": good[3].1,
        "subjectTokenType": good[4].1, "subjectToken": good[5].1,
    });
    let answer = send(&sandbox.google.sts, "/v1/token", "content-type: application/json\r\n", &json.to_string());
    assert_eq!(answer.0, 200, "JSON is taken too");
    for audience in [format!("https://iam.googleapis.com/{PROVIDER}"), format!("//iam.googleapis.com/{POOL}")] {
        let (status, answer) = trade_with(&sandbox.google, &fields(&token, &audience), "");
        assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_request")), "{audience}");
    }
}

#[test]
fn times_issuer_audience_and_signature_are_checked() {
    let sandbox = Sandbox::start().unwrap();
    let says = |job: Job| trade(&sandbox.google, &sandbox.issuer.token(&job)).1["error_description"].to_string();
    let main = || Job::branch("main");
    assert!(says(main().expires_at(now() - 61)).contains("stale"));
    assert!(says(main().issued_at(now() + 90)).contains("stale"));
    assert!(says(main().issued_at(now() - 86_500).expires_at(now() + 60)).contains("stale"));
    assert!(says(main().without("exp")).contains("stale"));
    assert!(says(main().audience("other")).contains("The audience in ID Token [other]"));
    assert!(says(main().claim("iss", "https://other.test")).contains("The issuer in ID Token https://other.test"));
    let (_, forged) = trade(&sandbox.google, &sandbox.issuer.forged(&main()));
    assert_eq!(forged["error_description"], "Unable to verify the ID Token signature.");
    let (_, unknown) = trade(&sandbox.google, &sandbox.issuer.unknown_kid(&main()));
    assert_eq!(unknown["error_description"], "Error connecting to the given credential's issuer.");
    assert_eq!(trade(&sandbox.google, "not.a.jwt").0, 400);
}

#[test]
fn a_token_near_its_end_is_traded_as_measured() {
    let sandbox = Sandbox::start().unwrap();
    let ending =
        |left: i64| trade(&sandbox.google, &sandbox.issuer.token(&Job::branch("main").expires_at(now() + left)));
    let life = ending(600).1["expires_in"].as_i64().unwrap();
    assert!((598..=600).contains(&life), "{life}");
    assert_eq!(ending(1).0, 500);
}

#[test]
fn without_audiences_of_its_own_a_provider_takes_its_name() {
    let sandbox = Sandbox::start().unwrap();
    let mapping = [("google.subject", "assertion.sub127")];
    sandbox.google.create_provider(PROVIDER, &sandbox.issuer.url(), &[], &mapping, None).unwrap();
    for (audience, status) in [
        (format!("https://iam.googleapis.com/{PROVIDER}"), 200),
        (format!("//iam.googleapis.com/{PROVIDER}"), 200),
        (sandbox.issuer.url(), 400),
    ] {
        let token = sandbox.issuer.token(&Job::branch("main").audience(audience.as_str()));
        assert_eq!(trade(&sandbox.google, &token).0, status, "{audience}");
    }
}

#[test]
fn every_kind_of_member_means_whom_it_says() {
    let sandbox = Sandbox::start().unwrap();
    let mapping = [
        ("google.subject", "assertion.sub127"),
        ("google.groups", "assertion.ref.split('/')"),
        ("attribute.repo", "assertion.repo"),
    ];
    let issuer = sandbox.issuer.url();
    sandbox.google.create_provider(PROVIDER, &issuer, &[&issuer], &mapping, None).unwrap();
    let token = federated(&sandbox, &Job::branch("main"));
    let set = format!("principalSet://iam.googleapis.com/{POOL}");
    let subject = Job::branch("main").short_subject();
    for (member, status) in [
        (format!("principal://iam.googleapis.com/{POOL}/subject/{subject}"), 200),
        (format!("{set}/attribute.repo/web"), 200),
        (format!("{set}/group/heads"), 200),
        (format!("{set}/*"), 200),
        (format!("principal://iam.googleapis.com/{POOL}/subject/other"), 403),
        (format!("{set}/attribute.repo/Web"), 403),
        (format!("{set}/attribute.other/web"), 403),
        (format!("{set}2/*"), 403),
        ("MEMBER_ID".to_owned(), 403),
    ] {
        sandbox.google.create_account("x@sandbox-project.iam.gserviceaccount.com");
        sandbox.google.bind("x@sandbox-project.iam.gserviceaccount.com", USER, &member);
        let answer = access_token(&sandbox.google, "x@sandbox-project.iam.gserviceaccount.com", &token);
        assert_eq!(answer.0, status, "{member}");
    }
    assert_eq!(access_token(&sandbox.google, DEPLOY_ACCOUNT, "ya29.made-up").0, 401);
    let tags = federated(&sandbox, &Job::tag("v1"));
    assert_eq!(access_token(&sandbox.google, RELEASE_ACCOUNT, &tags).0, 403, "an attribute that is no longer mapped");
}

#[test]
fn lives_and_scopes_have_their_limits() {
    let sandbox = Sandbox::start().unwrap();
    let token = federated(&sandbox, &Job::branch("main"));
    let ask = |body: Value| generate(&sandbox.google, DEPLOY_ACCOUNT, "generateAccessToken", &token, &body);
    assert_eq!(ask(json!({ "scope": [""] })).0, 200);
    assert_eq!(ask(json!({ "scope": [] })).0, 400);
    assert_eq!(ask(json!({ "scope": ["bogus"] })).0, 400);
    let zero = ask(json!({ "scope": [CLOUD_PLATFORM], "lifetime": "0s" }));
    assert_eq!(zero.1["error"]["message"], "Lifetime of access token must be larger then zero.");
    assert_eq!(ask(json!({ "scope": [CLOUD_PLATFORM], "lifetime": "3601s" })).0, 400);
    sandbox.google.allow_long_lives(DEPLOY_ACCOUNT);
    assert_eq!(ask(json!({ "scope": [CLOUD_PLATFORM], "lifetime": "43200s" })).0, 200);
    let delegates = json!({ "scope": [CLOUD_PLATFORM], "delegates": [DEPLOY_ACCOUNT] });
    assert_eq!(ask(delegates).0, 400, "a delegate is a resource's name");
}

#[test]
fn a_token_ends_when_it_should() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.shorten_tokens(Duration::from_millis(300));
    let token = federated(&sandbox, &Job::branch("main"));
    let (_, answer) = access_token(&sandbox.google, DEPLOY_ACCOUNT, &token);
    let list = || {
        let bearer = answer["accessToken"].as_str().unwrap();
        let head = format!(
            "GET /v1/projects HTTP/1.1\r\nhost: s\r\nconnection: close\r\nauthorization: Bearer {bearer}\r\n\r\n"
        );
        exchange(&sandbox.google.iam, &head).status()
    };
    assert_eq!(list(), 200);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(list(), 401);
}

#[test]
fn throttling_and_outages_answer_in_each_services_form() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.sts.throttle(0);
    sandbox.google.iam.throttle(0);
    let (status, answer) = trade(&sandbox.google, "x");
    assert_eq!((status, answer["error"].as_str()), (429, Some("quota_exceeded")));
    let (status, answer) = access_token(&sandbox.google, DEPLOY_ACCOUNT, "x");
    assert_eq!((status, answer["error"]["status"].as_str()), (429, Some("RESOURCE_EXHAUSTED")));
    sandbox.google.sts.outage_for(Duration::from_mins(1));
    let (status, answer) = trade(&sandbox.google, "x");
    assert_eq!((status, answer["error"]["status"].as_str()), (503, Some("UNAVAILABLE")), "an object, from STS too");
}
