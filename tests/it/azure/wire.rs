//! The bytes of requests, and what they never contain.

use sandbox::{CLIENT, Fault, Sandbox, TENANT};

use super::deploy;
use crate::support::expect;
use crate::support::recorder::Recorder;

#[test]
fn one_post_and_nothing_else() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&sandbox, &[]).run().exits(0).stderr_is(expect![""]);
    let requests = sandbox.azure.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    assert_eq!((request.method.as_str(), request.path.as_str(), request.query.as_str()), ("POST", path.as_str(), ""));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    for header in ["authorization", "cookie"] {
        assert_eq!(request.header(header), None);
    }
    let fields: Vec<(&str, &str)> = request.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let [first @ .., (last, assertion)] = &fields[..] else { panic!("no form") };
    let expected = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("scope", "https://management.azure.com/.default"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    assert_eq!(first, expected);
    assert_eq!((*last, assertion.split('.').count()), ("client_assertion", 3));
    // A client reads the issuer's keys by itself.
    let asked = [sandbox.aws.requests(), sandbox.google.sts.requests(), sandbox.vault.requests()].concat();
    assert!(asked.is_empty());
}

#[test]
fn a_scope_is_asked_for_as_it_is() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&sandbox, &["--scope", "https://vault.azure.net/.default"]).run().exits(0);
    assert_eq!(sandbox.azure.requests()[0].field("scope"), Some("https://vault.azure.net/.default"));
}

/// The harness searches the messages for every issued token.
#[test]
fn a_call_is_told_without_what_it_carries() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&sandbox, &["-vv"]).run().exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST ENTRA: 200 in T ms
    "#]]);
}

#[test]
fn a_redirect_is_not_followed() {
    let sandbox = Sandbox::start().unwrap();
    let elsewhere = Recorder::start();
    sandbox.azure.script([Fault::Redirect { status: 307, location: elsewhere.url() }]);
    deploy(&sandbox, &[]).run().exits(5);
    assert!(elsewhere.seen().is_empty());
}

/// The token is not sent over plain http, for any source of the address.
#[test]
fn http_is_for_loopback_alone() {
    let sandbox = Sandbox::start().unwrap();
    let address = "http://login.example.test";
    let named = deploy(&sandbox, &[]).env("AZURE_AUTHORITY_HOST", address);
    for program in [named, deploy(&sandbox, &["--authority-host", address])] {
        let output = program.run();
        assert!(output.exits(2).stderr().contains("http://login.example.test is not https"), "{}", output.describe());
    }
}
