//! `--verify`: valid tokens, invalid ones, and the clouds' messages for each fault.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustix::process::Signal;
use sandbox::{Curve, Issuer, Job, Tls, now};
use serde_json::{Map, Value, json};

use super::{dated, from, header_kid, token};
use crate::support::{Output, expect};

/// Verifies it, with this exit code. The result comes after the claims.
#[track_caller]
pub(super) fn verified(issuer: &Issuer, text: &str, code: i32) -> Output {
    let output = token(issuer, text, &["--verify"]).run();
    output.exits(code).stdout_holds_no_secret();
    output
}

/// The result.
pub(super) fn found(output: &Output) -> String {
    let words = ["accepted:", "refused:", "cannot tell:"];
    let start = words.into_iter().find(|word| output.stdout().lines().any(|line| line.starts_with(word)));
    from(output, start.unwrap_or_else(|| panic!("{}", output.describe())))
}

/// The failed checks, with their facts.
pub(super) fn failing(output: &Output) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut lines = Vec::new();
    let mut inside = None;
    for line in found(output).lines() {
        let sign = line.trim_start().chars().next().unwrap_or_default();
        match inside {
            Some(at) if depth(line) > at && !"✓✗?".contains(sign) => lines.push(format!("{line}\n")),
            _ if "✗?".contains(sign) => {
                inside = Some(depth(line));
                lines.push(format!("{line}\n"));
            }
            _ => inside = None,
        }
    }
    lines.concat()
}

fn claims(issuer: &Issuer, job: Job) -> Map<String, Value> {
    issuer.claims(&dated(job))
}

#[test]
fn a_good_token() {
    let issuer = Issuer::start().unwrap();
    let output = verified(&issuer, &issuer.token(&dated(Job::branch("main"))), 0);
    assert_eq!(output.stderr(), "");
    expect![[r#"
        accepted: this token is valid by its issuer's keys

        ✓ discovery document at http://ISSUER/.well-known/openid-configuration
          ✓ `issuer` is exactly the token's iss
          ✓ `jwks_uri` is http://ISSUER/.well-known/jwks.json
          ✓ `response_types_supported` is a list
          ✓ `subject_types_supported` is a list
          ✓ `id_token_signing_alg_values_supported` is a list
        ✓ keys at http://ISSUER/.well-known/jwks.json
          ✓ the token's key is published: KID
          ✓ it is an RSA key of 2048 bits
        ✓ the signature is that of the token's key
        ✓ signed with RS256
        ✓ the token's own claims
          ✓ sub is there
          ✓ aud is there
          ✓ issued TIME, SPAN ago
          ✓ valid until TIME, in SPAN
    "#]]
    .assert_eq(&found(&output));
    assert_eq!(issuer.requests().len(), 2, "each document is asked for once");
    assert!(issuer.requests().iter().all(|request| request.method == "GET" && request.body.is_empty()));
    assert!(issuer.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_good_token_over_tls() {
    let tls = Tls::new().unwrap();
    let issuer = Issuer::start_tls(&tls.server(&["127.0.0.1"]).unwrap()).unwrap();
    let text = issuer.token(&dated(Job::tag("v1.0.0")));
    let program = token(&issuer, &text, &["--verify", "--ca-file", "ca.pem"]);
    program.scratch().write("ca.pem", tls.ca_pem());
    program.run().exits(0).stdout_holds_no_secret().stderr_is(expect![""]);
    verified(&issuer, &text, 5).stdout_is("").stderr_is(expect![[r#"
        error: the issuer could not be reached or kept failing
          said       the certificate of ISSUER is not trusted: no trusted authority signed it
          asked for  https://ISSUER/.well-known/openid-configuration

        hint: for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA
    "#]]);
}

#[test]
fn every_algorithm_that_is_checked_here() {
    for curve in [Curve::P256, Curve::P384] {
        let issuer = Issuer::start().unwrap();
        issuer.rotate_to(curve);
        verified(&issuer, &issuer.token(&dated(Job::branch("main"))), 0);
    }
    for alg in ["RS256", "RS384", "RS512"] {
        let issuer = Issuer::start().unwrap();
        issuer.discover("id_token_signing_alg_values_supported", json!(["RS256", "RS384", "RS512"]));
        let claims = claims(&issuer, Job::branch("main"));
        let good = issuer.sign(&json!({ "alg": alg }), &claims);
        verified(&issuer, &good, 0);
        // The signature of another token.
        let other = if alg == "RS512" { "RS256" } else { "RS512" };
        let signature = issuer.sign(&json!({ "alg": other }), &claims).rsplit_once('.').unwrap().1.to_owned();
        verified(&issuer, &format!("{}.{signature}", good.rsplit_once('.').unwrap().0), 4);
    }
    let issuer = Issuer::start().unwrap();
    issuer.rotate_to(Curve::P256);
    let good = issuer.token(&dated(Job::branch("main")));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    verified(&issuer, &format!("{message}.{other}{}", &signature[1..]), 4);
}

#[test]
fn a_key_that_is_still_published_after_a_rotation() {
    let issuer = Issuer::start().unwrap();
    let before = issuer.token(&dated(Job::branch("main")));
    issuer.rotate();
    verified(&issuer, &before, 0);
    verified(&issuer, &issuer.token(&dated(Job::branch("main"))), 0);
}

#[test]
fn another_key() {
    let issuer = Issuer::start().unwrap();
    let output = verified(&issuer, &issuer.forged(&dated(Job::branch("main"))), 4);
    expect![[r#"
        refused: this token is not valid

        ✓ discovery document at http://ISSUER/.well-known/openid-configuration
          ✓ `issuer` is exactly the token's iss
          ✓ `jwks_uri` is http://ISSUER/.well-known/jwks.json
          ✓ `response_types_supported` is a list
          ✓ `subject_types_supported` is a list
          ✓ `id_token_signing_alg_values_supported` is a list
        ✓ keys at http://ISSUER/.well-known/jwks.json
          ✓ the token's key is published: KID
          ✓ it is an RSA key of 2048 bits
        ✗ the signature is that of the token's key
            because    it is not: another key signed this token, or it was changed on its way here
            AWS        InvalidIdentityToken: …
            Google     invalid_grant: Unable to verify the ID Token signature.
            Azure      AADSTS700027: Client assertion contains an invalid signature. …
            Vault      error validating token: … error verifying token signature: failed to verify id token signature
        ✓ signed with RS256
        ✓ the token's own claims
          ✓ sub is there
          ✓ aud is there
          ✓ issued TIME, SPAN ago
          ✓ valid until TIME, in SPAN
    "#]]
    .assert_eq(&found(&output));
}

/// Claims that were changed after the signature.
#[test]
fn another_payload() {
    let issuer = Issuer::start().unwrap();
    let one = issuer.token(&dated(Job::branch("main")));
    let other = issuer.token(&dated(Job::branch("other")));
    let part = |text: &str, index: usize| text.split('.').nth(index).unwrap().to_owned();
    let mixed = format!("{}.{}.{}", part(&one, 0), part(&other, 1), part(&one, 2));
    assert!(failing(&verified(&issuer, &mixed, 4)).starts_with("✗ the signature is that of the token's key\n"));
}

#[test]
fn an_algorithm_that_signs_nothing() {
    let issuer = Issuer::start().unwrap();
    let output = verified(&issuer, &issuer.unsigned(&dated(Job::branch("main"))), 4);
    expect![[r#"
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ the token names its key
              because    its header has no `kid`, and an issuer's keys rotate
              AWS        InvalidIdentityToken: …
              Google     invalid_grant: …
        ✗ signed with none
            because    it is not signed
            AWS        InvalidIdentityToken: …
            Google     invalid_grant: …
            Vault      error validating token: … unexpected signature algorithm "none"; expected …
    "#]]
    .assert_eq(&failing(&output));
    for alg in [json!("none"), json!("HS256"), json!("rs256"), json!(null)] {
        let text = issuer.sign(&json!({ "alg": alg }), &claims(&issuer, Job::branch("main")));
        let output = verified(&issuer, &text, 4);
        assert!(failing(&output).contains("✗ signed with "), "{}", output.describe());
    }
}

/// Neither valid nor invalid: unknown.
#[test]
fn an_algorithm_that_is_not_checked_here() {
    for (alg, key) in [
        ("ES512", json!({ "kty": "EC", "crv": "P-521", "x": coordinate(66), "y": coordinate(66) })),
        ("ES256K", json!({ "kty": "EC", "crv": "secp256k1", "x": coordinate(32), "y": coordinate(32) })),
        ("EdDSA", json!({ "kty": "OKP", "crv": "Ed448", "x": coordinate(57) })),
    ] {
        let (issuer, text) = signed_as(alg, &key);
        let found = failing(&verified(&issuer, &text, 7));
        assert!(found.starts_with("? the signature is that of the token's key\n"), "{alg}: {found}");
        // A key of another kind than the signature is not a key of the token.
        let (issuer, text) =
            signed_as(alg, &json!({ "kty": "EC", "crv": "P-256", "x": coordinate(32), "y": coordinate(32) }));
        verified(&issuer, &text, 4);
    }
    let (issuer, text) =
        signed_as("ES512", &json!({ "kty": "EC", "crv": "P-521", "x": coordinate(66), "y": coordinate(66) }));
    expect![[r#"
        ? the signature is that of the token's key
            because    it is of a kind that cannot be checked here
        ? signed with ES512
            because    RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA can be checked here, this cannot
    "#]]
    .assert_eq(&failing(&verified(&issuer, &text, 7)));
}

fn coordinate(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![1; bytes])
}

/// A token whose header has `alg`, with an RSA signature, and an issuer that publishes this key with its name.
fn signed_as(alg: &str, key: &Value) -> (Issuer, String) {
    let issuer = Issuer::start().unwrap();
    issuer.discover("id_token_signing_alg_values_supported", json!([alg]));
    let text = issuer.sign(&json!({ "alg": alg }), &claims(&issuer, Job::branch("main")));
    let mut key = key.clone();
    key["kid"] = header_kid(&text).into();
    issuer.publish(vec![key]);
    (issuer, text)
}

/// With a key on Ed25519, by both names of the algorithm (RFC 8037, RFC 9864).
#[test]
fn a_token_that_is_signed_with_ed25519() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let point = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    for (alg, published_for) in [("EdDSA", None), ("Ed25519", None), ("EdDSA", Some("Ed25519"))] {
        let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "x": point, "use": "sig" });
        if let Some(published_for) = published_for {
            key["alg"] = published_for.into();
        }
        let (issuer, text) = signed_as(alg, &key);
        let (message, _) = text.rsplit_once('.').unwrap();
        let sign = |message: &str| URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()).as_ref());
        let output = verified(&issuer, &format!("{message}.{}", sign(message)), 0);
        assert!(output.stdout().contains("✓ it is a key on Ed25519\n"), "{}", output.describe());
        let output = verified(&issuer, &format!("{message}.{}", sign("another")), 4);
        assert!(failing(&output).starts_with("✗ the signature is that of the token's key\n"), "{}", output.describe());
    }
}

#[test]
fn a_header_that_changes_how_it_is_read() {
    let issuer = Issuer::start().unwrap();
    let header = json!({ "crit": ["b64"], "b64": false });
    let text = issuer.sign(&header, &claims(&issuer, Job::branch("main")));
    expect![[r#"
        ✗ signed with RS256
            because    the header has `crit`: the token is not to be read as a plain one (RFC 7515)
    "#]]
    .assert_eq(&failing(&verified(&issuer, &text, 4)));
}

#[test]
fn an_expired_token() {
    let issuer = Issuer::start().unwrap();
    let output = verified(&issuer, &issuer.token(&Job::branch("main").issued_at(1_700_000_000)), 4);
    expect![[r#"
        ✗ the token's own claims
          ✗ valid until TIME, SPAN ago
              because    that is over, by this machine's clock
              AWS        ExpiredTokenException: Token expired: current date/time … must be before the expiration date/time …
              Google     invalid_grant: ID Token issued at … is stale to sign-in.
              Azure      AADSTS700024: Client assertion is not within its valid time range. …
              Vault      error validating token: invalid expiration time (exp) claim: token is expired
    "#]].assert_eq(&failing(&output));
    // AWS allows nothing; Google and Vault a minute.
    let output = verified(&issuer, &issuer.token(&dated(Job::branch("main")).expires_at(now() - 20)), 4);
    expect![[r#"
        ✗ the token's own claims
          ✗ valid until TIME, SPAN ago
              because    that is over, by this machine's clock
              AWS        ExpiredTokenException: Token expired: current date/time … must be before the expiration date/time …
    "#]].assert_eq(&failing(&output));
}

#[test]
fn times_that_are_wrong() {
    let issuer = Issuer::start().unwrap();
    let verify = |job: Job| failing(&verified(&issuer, &issuer.token(&job), 4));
    expect![[r#"
        ✗ the token's own claims
          ✗ issued TIME, in SPAN
              because    that is in the future, by this machine's clock
              Google     invalid_grant: ID Token issued at … is stale to sign-in.
              Vault      error validating token: invalid issued at (iat) claim: token issued in the future
          ✗ good from TIME, in SPAN
              because    that is still to come, by this machine's clock
              Vault      error validating token: invalid not before (nbf) claim: token not yet valid
    "#]]
    .assert_eq(&verify(Job::branch("main").issued_at(now() + 600)));
    expect![[r#"
        ✗ the token's own claims
          ✗ issued TIME, SPAN ago
              because    AWS and Google take a token for a day, even if its exp is later
              AWS        ExpiredTokenException: Token too old: …
              Google     invalid_grant: ID Token issued at … is stale to sign-in.
    "#]]
    .assert_eq(&verify(Job::branch("main").issued_at(now() - 100_000).expires_at(now() + 600)));
    expect![[r#"
        ✗ the token's own claims
          ✗ iat is a time
              because    it is not there, or no number
              AWS        InvalidIdentityToken: …
              Google     invalid_grant: ID Token issued at … is stale to sign-in.
          ✗ exp is a whole number
              because    it is not, and AWS reads no other
              AWS        InvalidIdentityToken: …
    "#]]
    .assert_eq(&verify(
        Job::branch("main").claim("exp", json!(4_000_000_000.5)).claim("iat", json!("soon")).claim("nbf", json!(null)),
    ));
    // Within the leeway of a minute.
    verified(&issuer, &issuer.token(&Job::branch("main").issued_at(now() + 30)), 0);
}

#[test]
fn claims_that_every_cloud_wants() {
    let issuer = Issuer::start().unwrap();
    let job = dated(Job::branch("main")).without("sub").without("aud").without("exp").without("iat");
    expect![[r#"
        ✗ the token's own claims
          ✗ sub is there
              because    it is not: an organization can switch it off, and AWS, Google and Azure require it
              AWS        InvalidIdentityToken: Missing a required claim: sub
          ✗ aud is there
              because    it is not, and AWS, Google and Azure require it
              AWS        InvalidIdentityToken: Missing a required claim: aud
          ✗ iat is a time
              because    it is not there, or no number
              AWS        InvalidIdentityToken: …
              Google     invalid_grant: ID Token issued at … is stale to sign-in.
          ✗ exp is a time
              because    it is not there, or no number
              AWS        InvalidIdentityToken: …
              Google     invalid_grant: ID Token issued at … is stale to sign-in.
    "#]]
    .assert_eq(&failing(&verified(&issuer, &issuer.token(&job), 4)));
}

/// No request is sent.
#[test]
fn an_issuer_that_is_none() {
    let issuer = Issuer::start().unwrap();
    for iss in [
        json!(null),
        json!("acme"),
        json!("https://acme.semaphoreci.com?x"),
        json!("ftp://127.0.0.1"),
        json!("http://192.0.2.1"),
    ] {
        let output = verified(&issuer, &issuer.token(&dated(Job::branch("main")).claim("iss", iss)), 4);
        assert!(issuer.requests().is_empty() && output.stderr().is_empty(), "{}", output.describe());
    }
    let job = dated(Job::branch("main")).claim("iss", "http://192.0.2.1");
    expect![[r#"
        ✗ discovery document at http://192.0.2.1/.well-known/openid-configuration
            because    http://192.0.2.1 is not https: use an https address; plain http is for loopback, and for one host that --allow-http names
            AWS        InvalidIdentityToken: No OpenIDConnect provider found in your account for …
    "#]].assert_eq(&failing(&verified(&issuer, &issuer.token(&job), 4)));
}

/// All of it at once.
#[test]
fn many_faults() {
    let issuer = Issuer::start().unwrap();
    issuer.discover("issuer", "https://elsewhere.test");
    issuer.discover("subject_types_supported", Value::Null);
    let job = Job::branch("main").issued_at(1_700_000_000).without("sub");
    let text = issuer.unknown_kid(&job);
    let output = token(&issuer, &text, &["--verify"]).word(&header_kid(&text), "OTHER-KID").run();
    output.exits(4).stdout_holds_no_secret();
    expect![[r#"
        ✗ discovery document at http://ISSUER/.well-known/openid-configuration
          ✗ `issuer` is exactly the token's iss
              wanted     http://ISSUER
              presented  https://elsewhere.test
                             ^ differs from here
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
              Google     invalid_grant: Error connecting to the given credential's issuer.
              Azure      AADSTS90061: Request to External OIDC endpoint failed. …
              Vault      error configuring token validator: keyset configuration error: …
          ✗ `subject_types_supported` is a list
              because    there is none, and AWS requires it
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
        ✗ keys at http://ISSUER/.well-known/jwks.json
          ✗ the token's key is published: OTHER-KID
              because    it is not among the 1 there; keys rotate, and a token with a removed key stays invalid: a new job gets a new token
              AWS        InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …
              Google     invalid_grant: Error connecting to the given credential's issuer.
              Azure      AADSTS700027: Client assertion contains an invalid signature. …
              Vault      error validating token: … error verifying token signature: failed to verify id token signature
        ? the signature is that of the token's key
            because    no key can check it
        ✗ the token's own claims
          ✗ sub is there
              because    it is not: an organization can switch it off, and AWS, Google and Azure require it
              AWS        InvalidIdentityToken: Missing a required claim: sub
          ✗ valid until TIME, SPAN ago
              because    that is over, by this machine's clock
              AWS        ExpiredTokenException: Token expired: current date/time … must be before the expiration date/time …
              Google     invalid_grant: ID Token issued at … is stale to sign-in.
              Azure      AADSTS700024: Client assertion is not within its valid time range. …
              Vault      error validating token: invalid expiration time (exp) claim: token is expired
    "#]].assert_eq(&failing(&output));
}

#[test]
fn json() {
    let issuer = Issuer::start().unwrap();
    let text = issuer.forged(&dated(Job::branch("main")));
    let output = token(&issuer, &text, &["--verify", "--format", "json"]).run();
    output.exits(4).stdout_holds_no_secret();
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["job"], "branch");
    let checks = shown["verification"]["checks"].as_array().unwrap();
    let failed: Vec<&Value> = checks.iter().filter(|check| check["result"] == "fails").collect();
    assert_eq!(shown["verification"]["verdict"], "refused");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["facts"][2], json!({ "Google": "invalid_grant: Unable to verify the ID Token signature." }));
}

#[test]
fn a_signal_ends_the_waiting() {
    let issuer = Issuer::start().unwrap();
    issuer.always(sandbox::Fault::Hang);
    let running = token(&issuer, &issuer.token(&dated(Job::branch("main"))), &["--verify"]).spawn();
    assert!(issuer.await_requests(1, std::time::Duration::from_secs(20)));
    running.signal(Signal::TERM);
    running.wait().exits(5).stdout_is("").stderr_is(expect![[r#"
        error: interrupted by SIGTERM; no credentials were returned
    "#]]);
}
