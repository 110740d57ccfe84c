//! A malicious registry, or another server in its place.

use sandbox::server::Response;
use sandbox::{Fault, REGISTRY};

use super::super::config;
use super::refusals::{answer, is_challenge, is_exchange};
use super::{BOTH, Cloud};
use crate::support::expect;
use crate::support::recorder::Recorder;

fn challenge(value: &str) -> Fault {
    let headers = vec![("www-authenticate".to_owned(), value.to_owned())];
    Fault::Status { status: 401, headers, body: String::new() }
}

/// The access token is sent only to the registry itself: the realm is checked first.
#[test]
fn a_realm_elsewhere_gets_nothing() {
    let cloud = Cloud::new();
    let evil = Recorder::start();
    let mut told = String::new();
    let realms = [
        "https://evil.example/oauth2/token".to_owned(),
        format!("http://{REGISTRY}/oauth2/token"),
        format!("https://127.0.0.1:{}/oauth2/token", evil.port()),
        evil.url(),
        format!("https://{REGISTRY}@127.0.0.1:{}/", evil.port()),
        format!("https://{REGISTRY}.evil.example/"),
        "https://other.azurecr.io/oauth2/token".to_owned(),
        "not an address".to_owned(),
    ];
    for realm in &realms {
        let value = format!("Bearer realm=\"{realm}\",service=\"{REGISTRY}\"");
        cloud.sandbox.acr.aim(is_challenge, challenge(&value), 1);
        let output = cloud.register(&[REGISTRY]).run();
        output.exits(5).stdout_is("");
        assert!(!config(&output.scratch).exists());
        let told_now = output.told();
        told.push_str(&told_now.lines().nth(1).unwrap_or_default().replace("  said       ", ""));
        told.push('\n');
    }
    expect![[r#"
        the answer with status 401 cannot be used: its realm is on another host
        the answer with status 401 cannot be used: its realm is not an https address
        the answer with status 401 cannot be used: its realm is on another host
        the answer with status 401 cannot be used: its realm is not an https address
        the answer with status 401 cannot be used: its realm is on another host
        the answer with status 401 cannot be used: its realm is on another host
        the answer with status 401 cannot be used: its realm is on another host
        the answer with status 401 cannot be used: its realm is not an address
    "#]]
    .assert_eq(&told);
    for value in ["", "Basic realm=\"x\"", "Bearer", "Bearer service=\"contoso.azurecr.io\"", "Bearer realm=\"\u{e9}\""]
    {
        cloud.sandbox.acr.aim(is_challenge, challenge(value), 1);
        cloud.register(&[REGISTRY]).run().exits(5).stdout_is("");
    }
    assert_eq!(cloud.asked(), vec![BOTH[0]; realms.len() + 5]);
    assert!(evil.seen().is_empty());
    let elsewhere = |head: &String| !head.starts_with(&format!("CONNECT {REGISTRY}:443 "));
    assert!(!cloud.proxy.seen().iter().any(elsewhere), "{:?}", cloud.proxy.seen());
}

#[test]
fn a_redirect_is_not_followed() {
    let cloud = Cloud::new();
    let evil = Recorder::start();
    for (at, asked) in [(is_challenge as fn(&sandbox::Request) -> bool, 1), (is_exchange, 2)] {
        for status in [301, 302, 303, 307, 308] {
            let before = cloud.asked().len();
            cloud.sandbox.acr.aim(at, Fault::Redirect { status, location: evil.url() }, 1);
            let output = cloud.register(&[REGISTRY]).run();
            output.exits(5).stdout_is("");
            assert!(!config(&output.scratch).exists());
            assert_eq!(cloud.asked().len() - before, asked);
        }
    }
    assert!(evil.seen().is_empty());
}

#[test]
fn a_password_that_is_none_is_refused() {
    let cloud = Cloud::new();
    let token = |text: &str| answer(200, &serde_json::json!({ "refresh_token": text }).to_string());
    let mut told = String::new();
    for fault in [
        token(""),
        token("opaque"),
        token("e30.e30.c2ln"),
        token("e30.eyJleHAiOiJuZXZlciJ9.c2ln"),
        token("e30.eyJleHAiOjFlMzAwfQ.c2ln"),
        token("e30.eyJleHAiOjE3MDAwMDAwMDB9.c2ln\u{1b}[2J"),
        token("e30.eyJleHAiOjE3MDAwMDAwMDB9.c2ln\r\nX: y"),
        token(&format!("e30.eyJleHAiOjE3MDAwMDAwMDB9.{}", "c".repeat(65 << 10))),
        answer(200, "{\"refresh_token\":\"e30.eyJleHAiOjE3MDAwMDAwMDB9"),
        answer(200, "{\"access_token\":\"e30.eyJleHAiOjE3MDAwMDAwMDB9.c2ln\"}"),
        answer(200, "[]"),
        Fault::HtmlOk,
        Fault::Changed(|answer| Response { body: [answer.body, b"}".to_vec()].concat(), ..answer }),
    ] {
        cloud.sandbox.acr.aim(is_exchange, fault, 1);
        let output = cloud.register(&[REGISTRY]).run();
        output.exits(5).stdout_is("");
        assert!(!config(&output.scratch).exists() && !output.stderr().contains('\u{1b}'));
        told.push_str(&output.told().lines().nth(1).unwrap_or_default().replace("  said       ", ""));
        told.push('\n');
    }
    expect![[r#"
        the answer with status 200 cannot be used: its token is empty or not one
        the answer with status 200 cannot be used: its refresh token is not a JWT with a time of expiry
        the answer with status 200 cannot be used: its refresh token is not a JWT with a time of expiry
        the answer with status 200 cannot be used: its refresh token is not a JWT with a time of expiry
        the answer with status 200 cannot be used: its refresh token is not a JWT with a time of expiry
        the answer with status 200 cannot be used: its token is empty or not one
        the answer with status 200 cannot be used: its token is empty or not one
        the answer with status 200 cannot be used: its token is too long for one
        the answer with status 200 cannot be used: it ends too soon
        the answer with status 200 cannot be used: a field is missing or of another kind
        the answer with status 200 cannot be used: a field is missing or of another kind
        the answer with status 200 cannot be used: it is not JSON
        the answer with status 200 cannot be used: it is not JSON
    "#]]
    .assert_eq(&told);
}

/// An endless answer is not read completely, and repeated secrets are not shown.
#[test]
fn an_endless_answer_ends() {
    let cloud = Cloud::new();
    for at in [is_challenge as fn(&sandbox::Request) -> bool, is_exchange] {
        cloud.sandbox.acr.aim(at, Fault::EndlessBody, None);
        let output = cloud.register(&[REGISTRY]).args(["--timeout", "3s", "--quiet"]).run();
        output.exits(5).stdout_is("");
        assert!(!config(&output.scratch).exists());
    }
}

#[test]
fn a_registry_that_repeats_secrets_is_not_quoted() {
    let cloud = Cloud::new();
    cloud.sandbox.acr.aim(is_exchange, Fault::Indiscreet, None);
    cloud.register(&[REGISTRY]).args(["-v"]).run().exits(4).stdout_is("");
}

/// A message of any length and with any characters becomes a short line.
#[test]
fn a_long_message_is_cut() {
    let cloud = Cloud::new();
    let message = format!("\u{1b}]0;x\u{7}\u{202e}{}", "word ".repeat(100_000));
    let body = serde_json::json!({ "errors": [{ "code": "UNSUPPORTED", "message": message }] }).to_string();
    cloud.sandbox.acr.aim(is_exchange, answer(400, &body), 1);
    let output = cloud.register(&[REGISTRY]).run();
    output.exits(4).stdout_is("");
    let told = output.stderr();
    assert!(told.len() < 1000 && !told.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", told.len());
}
