//! Published keys that do not match the token, or cannot be used.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{Curve, Fault, Issuer, Job};
use serde_json::{Value, json};

use super::verify::{failing, verified};
use super::{dated, header_kid};
use crate::support::expect;

fn main_token(issuer: &Issuer) -> String {
    issuer.token(&dated(Job::branch("main")))
}

/// With its key published like this.
#[track_caller]
fn published(change: impl Fn(&mut Value), code: i32) -> String {
    let issuer = Issuer::start().unwrap();
    let text = main_token(&issuer);
    let mut keys = issuer.published();
    change(&mut keys[0]);
    issuer.publish(keys);
    failing(&verified(&issuer, &text, code))
}

#[test]
fn a_key_that_is_not_there() {
    let issuer = Issuer::start().unwrap();
    let text = issuer.unknown_kid(&dated(Job::branch("main")));
    let kid = header_kid(&text);
    let output = super::token(&issuer, &text, &["--verify"]).word(&kid, "OTHER-KID").run();
    output.exits(4);
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ the token's key is published: OTHER-KID
              because    it is not among the 1 there; keys rotate, and a token with a removed key stays invalid: a new job gets a new token
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
              Google     invalid_grant: Error connecting to the given credential's issuer.
              Azure      AADSTS700027: Client assertion contains an invalid signature. …
              Vault      error validating token: … error verifying token signature: failed to verify id token signature
        ? the signature is that of the token's key
            because    no key can check it
    "#]].assert_eq(&failing(&output));
    issuer.publish(Vec::new());
    verified(&issuer, &main_token(&issuer), 4);
}

/// The signature is checked anyway.
#[test]
fn a_token_that_names_no_key() {
    let issuer = Issuer::start().unwrap();
    let claims = issuer.claims(&dated(Job::branch("main")));
    let text = issuer.sign(&json!({ "kid": null }), &claims);
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ the token names its key
              because    its header has no `kid`, and an issuer's keys rotate
              AWS        InvalidIdentityToken: …
              Google     invalid_grant: …
    "#]]
    .assert_eq(&failing(&verified(&issuer, &text, 4)));
}

#[test]
fn what_a_key_may_lack_and_have() {
    published(|key| key["use"] = "sig".into(), 0);
    published(|key| key["alg"] = "RS256".into(), 0);
    published(|key| key["x5c"] = json!(["MIIB"]), 0);
    // With a leading zero for the sign, as some issuers write it.
    published(
        |key| {
            let n = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
            key["n"] = URL_SAFE_NO_PAD.encode([&[0], n.as_slice()].concat()).into();
        },
        0,
    );
}

#[test]
fn a_key_that_cannot_have_signed() {
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ it is an RSA key of 2048 bits
              because    it is not published for signatures (`use`)
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&published(|key| key["use"] = "enc".into(), 4));
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ it is an RSA key of 2048 bits
              because    it is published for RS512
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&published(|key| key["alg"] = "RS512".into(), 4));
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ it is an RSA key of 1024 bits
              because    a key must have 2048 to 8192 bits
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&published(|key| key["n"] = URL_SAFE_NO_PAD.encode([0xff; 128]).into(), 4));
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ it is a key that can be used here
              because    it is of the kind "oct"
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&published(|key| key["kty"] = "oct".into(), 4));
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ it is a key that can be used here
              because    it is not whole: a part of it is missing or not base64url
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&published(|key| key["e"] = "not base64url!".into(), 4));
}

/// A key on a curve under the name of the RSA key.
#[test]
fn a_key_of_another_kind() {
    let issuer = Issuer::start().unwrap();
    let text = main_token(&issuer);
    issuer.rotate_to(Curve::P256);
    let mut keys = issuer.published();
    keys[1]["kid"] = keys[0]["kid"].clone();
    keys.remove(0);
    issuer.publish(keys);
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ it is a key on P-256
              because    RS256 requires another kind of key
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&failing(&verified(&issuer, &text, 4)));
}

/// The other of the two is the token's.
#[test]
fn two_keys_of_one_name() {
    let issuer = Issuer::start().unwrap();
    let text = main_token(&issuer);
    issuer.rotate();
    let mut keys = issuer.published();
    keys[1]["kid"] = keys[0]["kid"].clone();
    keys.reverse();
    issuer.publish(keys);
    verified(&issuer, &text, 0);
}

/// Keys of several kinds may have one name (RFC 7517, section 4.5): keys that did not sign are not a fault of the
/// token.
#[test]
fn keys_of_several_kinds_under_one_name() {
    let point = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![7; bytes]);
    let modulus = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
    let beside = [
        json!({ "kty": "EC", "crv": "P-256", "x": point(32), "y": point(32) }),
        json!({ "kty": "EC", "crv": "P-521", "x": point(66), "y": point(66) }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": point(32) }),
        json!({ "kty": "OKP", "crv": "X25519", "x": point(32) }),
        json!({ "kty": "RSA", "n": modulus(256), "e": "AQAB", "use": "enc" }),
        json!({ "kty": "RSA", "n": modulus(256), "e": "AQAB", "key_ops": ["encrypt"] }),
        json!({ "kty": "RSA", "n": modulus(256), "e": "AQAB", "alg": "PS256" }),
        json!({ "kty": "RSA", "n": modulus(128), "e": "AQAB" }),
        json!({ "kty": "RSA", "n": "!", "e": "AQAB" }),
        json!({ "kty": "oct", "k": "AAAA" }),
    ];
    for mut other in beside {
        let issuer = Issuer::start().unwrap();
        let text = main_token(&issuer);
        let own = issuer.published().remove(0);
        other["kid"] = own["kid"].clone();
        issuer.publish(vec![other.clone(), own.clone()]);
        let output = verified(&issuer, &text, 0);
        assert!(output.stdout().contains("✓ it is an RSA key of 2048 bits\n"), "{}", output.describe());
        // Another token's signature is still invalid.
        let forged = issuer.forged(&dated(Job::branch("main")));
        assert!(failing(&verified(&issuer, &forged, 4)).starts_with("✗ the signature is that of the token's key\n"));
        // Without the others, it is not a key for this token.
        issuer.publish(vec![other]);
        verified(&issuer, &text, 4);
    }
    published(|key| key["key_ops"] = json!(["verify", "encrypt"]), 0);
}

#[test]
fn keys_that_are_no_keys() {
    for keys in [json!(3), json!(null), json!({}), json!([[]]), json!({ "kid": 3 })] {
        let issuer = Issuer::start().unwrap();
        let text = main_token(&issuer);
        issuer.publish(vec![keys]);
        verified(&issuer, &text, 4);
    }
}

/// The second document does not match the first one.
#[test]
fn no_set_of_keys() {
    let body = |body: &str| Fault::Status { status: 200, headers: Vec::new(), body: body.into() };
    let answered = |fault: Fault| {
        let issuer = Issuer::start().unwrap();
        issuer.script([Fault::Delay(std::time::Duration::ZERO), fault]);
        failing(&verified(&issuer, &main_token(&issuer), 4))
    };
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
            because    a web page was answered, as for an organization that does not exist; or something in between answered
            AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
            Google     invalid_grant: Error connecting to the given credential's issuer.
            Azure      AADSTS90061: Request to External OIDC endpoint failed. …
            Vault      error validating token: … fetching keys oidc: get keys failed …
        ? the signature is that of the token's key
            because    no key can check it
    "#]].assert_eq(&answered(Fault::HtmlOk));
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
            because    it was answered with status 404
            AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
            Google     invalid_grant: Error connecting to the given credential's issuer.
            Azure      AADSTS90061: Request to External OIDC endpoint failed. …
            Vault      error validating token: … fetching keys oidc: get keys failed …
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&answered(Fault::status(404)));
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
            because    it holds no list `keys`
            AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
            Google     invalid_grant: Error connecting to the given credential's issuer.
            Azure      AADSTS90061: Request to External OIDC endpoint failed. …
            Vault      error validating token: … fetching keys oidc: get keys failed …
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&answered(body(r#"{"keys":{}}"#)));
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
            because    the answer is not a JSON object
            AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
            Google     invalid_grant: Error connecting to the given credential's issuer.
            Azure      AADSTS90061: Request to External OIDC endpoint failed. …
            Vault      error validating token: … fetching keys oidc: get keys failed …
        ? the signature is that of the token's key
            because    no key can check it
    "#]]
    .assert_eq(&answered(body("[")));
}
