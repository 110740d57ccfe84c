//! Entra's token endpoint, as the reference describes it.

use sandbox::{CLIENT, Job, Outage, Sandbox, TENANT, now};
use serde_json::Value;

use crate::raw::exchange;

/// Status and body.
fn send(sandbox: &Sandbox, tenant: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let head = format!("POST /{tenant}/oauth2/v2.0/token HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n");
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let raw = exchange(&sandbox.azure, &format!("{head}{form}content-length: {}\r\n\r\n{body}", body.len()));
    (raw.status(), serde_json::from_str(&raw.body()).unwrap())
}

fn fields(token: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("scope", "https://management.azure.com/.default"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", token),
    ]
}

/// The number of the error that this token meets.
fn refused(sandbox: &Sandbox, token: &str) -> u64 {
    let (status, body) = send(sandbox, TENANT, &fields(token));
    assert!(matches!(status, 400 | 401) && body["access_token"].is_null(), "{status} {body}");
    let number = body["error_codes"][0].as_u64().unwrap();
    assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")), "{body}");
    number
}

#[test]
fn a_good_token_is_traded() {
    let sandbox = Sandbox::start().unwrap();
    let (status, body) = send(&sandbox, TENANT, &fields(&sandbox.issuer.token(&Job::branch("main"))));
    assert_eq!((status, &body["token_type"], &body["expires_in"]), (200, &"Bearer".into(), &3599.into()));
    assert_eq!(body["access_token"].as_str().unwrap(), sandbox.azure.issued()[0]);
}

#[test]
fn signature_subject_and_times_are_checked() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = &sandbox.issuer;
    let main = Job::branch("main");
    for (token, number) in [
        ("no.j.wt".to_owned(), 50_027),
        (issuer.forged(&main), 700_027),
        (issuer.unsigned(&main), 700_027),
        (issuer.unknown_kid(&main), 90_061),
        (issuer.token(&main.clone().claim("iss", "https://elsewhere.test")), 700_211),
        (issuer.token(&main.clone().audience("api://AzureADTokenExchange")), 700_212),
        (issuer.token(&Job::branch("other")), 700_213),
        (issuer.token(&Job::branch("MAIN")), 7_002_138),
        (issuer.token(&main.clone().expires_at(now() - 1)), 700_024),
        (issuer.token(&main.clone().not_before(now() + 60)), 700_024),
    ] {
        assert_eq!(refused(&sandbox, &token), number);
    }
    assert!(sandbox.azure.issued().is_empty());
}

#[test]
fn tenant_application_and_scope_are_checked() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let changed = |name: &str, value: &str| {
        let fields: Vec<(&str, &str)> =
            fields(&token).into_iter().map(|(known, old)| (known, if known == name { value } else { old })).collect();
        send(&sandbox, TENANT, &fields).1["error_codes"][0].as_u64().unwrap()
    };
    assert_eq!(changed("client_id", TENANT), 700_016);
    assert_eq!(changed("scope", "https://management.azure.com"), 1_002_012);
    assert_eq!(changed("scope", "https://nowhere.test/.default"), 500_011);
    assert_eq!(changed("grant_type", "password"), 70_003);
    assert_eq!(changed("client_assertion_type", "other"), 7_000_218);
    assert_eq!(changed("client_assertion", ""), 7_000_218);
    assert_eq!(send(&sandbox, CLIENT, &fields(&token)).1["error_codes"][0], 90_002);
    sandbox.azure.create_application(TENANT, CLIENT);
    assert_eq!(refused(&sandbox, &token), 70_025);
}

#[test]
fn keys_are_fetched_from_the_issuer() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    sandbox.issuer.set_outage(Outage::Unreachable);
    assert_eq!(refused(&sandbox, &token), 90_061);
    sandbox.issuer.set_outage(None);
    assert_eq!(send(&sandbox, TENANT, &fields(&token)).0, 200);
    sandbox.issuer.set_outage(Outage::Unreachable);
    assert_eq!(send(&sandbox, TENANT, &fields(&token)).0, 200, "they are kept");
    sandbox.azure.forget_keys();
    assert_eq!(refused(&sandbox, &token), 90_061);
}
