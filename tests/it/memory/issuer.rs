//! An issuer's two documents, which `token --verify` reads.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sandbox::{Issuer, Job};

use super::bodies::{KINDS, crowds, large};
use super::bounded;
use super::server::{Answer, serve};
use crate::support::oidc_exchange;

/// Verifies a token whose issuer publishes this; `{ISSUER}` is its address.
fn verify(what: &str, discovery: Option<Answer>, keys: Answer) {
    let own = Arc::new(OnceLock::<String>::new());
    let known = Arc::clone(&own);
    let server = serve(move |path| match &discovery {
        _ if path == "/keys" => keys.clone(),
        Some(discovery) => discovery.clone(),
        None => Answer::new(200, DISCOVERY.replace("ISSUER", known.get().unwrap())),
    });
    let url = server.url();
    own.set(url.clone()).unwrap();
    let issuer = Issuer::start().unwrap();
    let token = issuer.token(&Job::branch("main").claim("iss", url));
    let program = oidc_exchange(["token", "--verify", "--timeout", "4s"]).token(&token);
    let output = bounded(what, program);
    assert!([0, 4, 5, 7].contains(&output.code.unwrap_or(-1)), "{what}: {}", output.describe());
}

const DISCOVERY: &str = r#"{"issuer":"ISSUER","jwks_uri":"ISSUER/keys","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}"#;

#[test]
fn a_hundred_thousand_keys() {
    for key in [
        r#"{"kid":"NUMBER"}"#,
        r#"{"kid":"a"}"#,
        "{}",
        r#"{"kty":"RSA","alg":"RS256","use":"sig","kid":"NUMBER"}"#,
        r#"{"kty":"RSA","kid":"NUMBER","e":"AQAB","n":"AQAB"}"#,
    ] {
        let keys: Vec<String> = (0..100_000).map(|number| key.replace("NUMBER", &number.to_string())).collect();
        verify(key, None, Answer::new(200, format!(r#"{{"keys":[{}]}}"#, keys.join(","))));
    }
}

#[test]
fn whatever_is_published() {
    for kind in KINDS {
        let hostile = large(kind);
        for body in
            [hostile.clone(), format!(r#"{{"keys":{hostile}}}"#), format!(r#"{{"keys":[{{"kid":{hostile}}}]}}"#)]
        {
            verify(kind, None, Answer::new(200, body));
        }
        for body in [
            hostile.clone(),
            format!(r#"{{"id_token_signing_alg_values_supported":{hostile}}}"#),
            format!(r#"{{"issuer":{hostile},"jwks_uri":"x"}}"#),
        ] {
            verify(kind, Some(Answer::new(200, body)), Answer::new(200, "{}"));
        }
    }
}

#[test]
fn crowds_of_small_things() {
    for (what, body) in crowds() {
        verify(what, None, Answer::new(200, body.clone()));
        verify(what, None, Answer::new(200, format!(r#"{{"keys":[{body}]}}"#)));
        verify(what, Some(Answer::new(200, body)), Answer::new(200, "{}"));
    }
}

#[test]
fn without_an_end() {
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        let endless = || Answer::endless("{\"\":[".repeat(if pause.is_zero() { 4096 } else { 1 }), pause);
        verify("endless keys", None, endless());
        verify("endless discovery", Some(endless()), Answer::new(200, "{}"));
    }
}
