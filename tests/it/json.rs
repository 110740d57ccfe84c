//! JSON objects with a duplicate name: each reader refuses them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{DEPLOY_ROLE, Fault, Issuer, Job, Sandbox};
use serde_json::json;

use crate::support::{Program, expect, oidc_exchange};

/// A token with these bytes as its header and payload, and no valid signature.
fn token(header: &str, payload: &str) -> String {
    format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
}

fn with<'s>(arguments: &[&str], file: &str) -> Program<'s> {
    let program = oidc_exchange(arguments).token(&token(r#"{"alg":"RS256"}"#, r#"{"sub":"a"}"#));
    program.scratch().write("file.json", file);
    program
}

#[test]
fn a_document_says_which_name_and_where() {
    let policy = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [],\n  \"Statement\": []\n}";
    let explain = ["explain", "aws", "--role-arn", DEPLOY_ROLE, "--trust-policy", "file.json"];
    with(&explain, policy).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --trust-policy file.json: `Statement` is there twice in one object, at line 4 column 13

        hint: remove one of the two: readers differ in which of them they take
    "#]]);
    let nested = r#"{"attributeMapping":{"google.subject":"assertion.sub","google.subject":"'x'"}}"#;
    with(&["explain", "gcp", "--provider-config", "file.json"], nested).run().exits(2).stderr_is(expect![[r#"
        error: --provider-config file.json: `google.subject` is there twice in one object, at line 1 column 70

        hint: remove one of the two: readers differ in which of them they take
    "#]]);
    let role = r#"{"user_claim":"sub","bound_claims":{"ref":"a","ref":"*"}}"#;
    with(&["explain", "vault", "--role-config", "file.json"], role).run().exits(2).stderr_is(expect![[r#"
        error: --role-config file.json: `ref` is there twice in one object, at line 1 column 51

        hint: remove one of the two: readers differ in which of them they take
    "#]]);
}

/// A policy that is too long for STS is sent without its spaces. It must not lose a statement.
#[test]
fn a_session_policy_says_which_name() {
    let policy = format!("{{\"Statement\":[],{}\"Statement\":[]}}", " ".repeat(2_100));
    with(&["aws", "--role-arn", DEPLOY_ROLE, "--on-error", "none", "--policy", "@file.json"], &policy)
        .run()
        .exits(2)
        .stdout_is("")
        .stderr_is(expect![[r#"
            error: --policy: file.json: `Statement` is there twice in one object, at line 1 column 2127

            hint: remove one of the two: readers differ in which of them they take
        "#]]);
}

#[test]
fn a_vault_request_says_which_name() {
    let write = r#"A=POST:pki/issue/web{"ttl":"1h","ttl":"9000h"}#certificate"#;
    let program =
        oidc_exchange(["vault", "--addr", "https://127.0.0.1:1", "--role", "ci", "--on-error", "none", write]);
    program.run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: A: the JSON object after the path of POST: has `ttl` twice
    "#]]);
}

/// RFC 7519, section 4, allows a reader to refuse it or use the last one. The check must use the same value as the
/// cloud.
#[test]
fn a_token_with_a_claim_twice_is_no_token() {
    let sandbox = Sandbox::start().unwrap();
    let payload = r#"{"iss":"https://acme.semaphoreci.com","sub":"org:a","sub":"org:b"}"#;
    for arguments in [
        &["token"][..],
        &["token", "--verify"],
        &["aws", "--role-arn", DEPLOY_ROLE, "--on-error", "none"],
        &["vault", "--addr", &sandbox.vault.url(), "--role", "ci", "--on-error", "none"],
    ] {
        let program = oidc_exchange(arguments).job(&sandbox).token(&token(r#"{"alg":"RS256"}"#, payload));
        program.run().exits(3).stdout_is("").stderr_is(expect![[r#"
            error: the subject token is not a JWT: its payload has `sub` twice

            hint: check that it was not cut, quoted or changed on its way here
        "#]]);
    }
    let asked = [sandbox.aws.requests(), sandbox.vault.requests(), sandbox.issuer.requests()].concat();
    assert!(asked.is_empty(), "nothing was sent");
    for (header, payload, why) in [
        (r#"{"alg":"RS256","alg":"none"}"#, "{}", "its header has `alg` twice"),
        (r#"{"alg":"RS256"}"#, r#"{"a":[{"b":1,"\u0062":2}]}"#, "its payload has `b` twice"),
    ] {
        let output = oidc_exchange(["token"]).token(&token(header, payload)).run();
        output.exits(3);
        assert!(output.stderr().contains(why), "{}", output.describe());
    }
}

/// The clouds may use either, so their decision is unknown.
#[test]
fn an_issuers_documents_say_which_name() {
    let body = |body: String| Fault::Status {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body,
    };
    let issuer = Issuer::start().unwrap();
    let text = issuer.token(&Job::branch("main"));
    let key = issuer.published().remove(0).to_string();
    let twice = key.replacen('{', "{\"n\":\"AQAB\",", 1);
    issuer.script([Fault::Delay(std::time::Duration::ZERO), body(format!("{{\"keys\":[{twice}]}}"))]);
    let verify = || oidc_exchange(["token", "--verify"]).token(&text).run();
    let output = verify();
    output.exits(7);
    assert!(
        output.stdout().contains("because    `n` is there twice in one object, at line 1 column "),
        "{}",
        output.describe()
    );
    assert!(!output.stdout().contains("InvalidIdentityToken"), "{}", output.describe());
    let discovery = json!({ "issuer": issuer.url() }).to_string().replacen('{', "{\"issuer\":\"x\",", 1);
    issuer.script([body(discovery)]);
    let output = verify();
    output.exits(7);
    assert!(
        output.stdout().contains("because    `issuer` is there twice in one object, at line 1 column "),
        "{}",
        output.describe()
    );
}
