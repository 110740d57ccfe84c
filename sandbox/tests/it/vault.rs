//! What the Vault accepts and refuses, and in which words.

use sandbox::{Job, Sandbox, VAULT_PASSWORD, VAULT_ROLE};
use serde_json::{Value, json};

use crate::raw::{Raw, exchange};

fn ask(sandbox: &Sandbox, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} /v1/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-vault-token: {token}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let raw: Raw = exchange(&sandbox.vault, &format!("{head}{body}"));
    (raw.status(), serde_json::from_str(&raw.body()).unwrap_or_default())
}

fn log_in(sandbox: &Sandbox, token: &str) -> (u16, Value) {
    ask(sandbox, "POST", "auth/jwt/login", "", &json!({ "role": VAULT_ROLE, "jwt": token }))
}

#[test]
fn a_good_token_reads_its_secrets_until_it_is_revoked() {
    let sandbox = Sandbox::start().unwrap();
    let (status, answer) = log_in(&sandbox, &sandbox.issuer.token(&Job::branch("main")));
    assert_eq!(status, 200, "{answer}");
    let token = answer["auth"]["client_token"].as_str().unwrap();
    let read = |path: &str| ask(&sandbox, "GET", path, token, &Value::Null);
    let (_, secret) = read("secret/data/production/db");
    assert_eq!(secret["data"]["data"]["password"], VAULT_PASSWORD);
    assert_eq!(secret["data"]["metadata"]["version"], 1);
    assert_eq!(read("secret/data/production/db?version=2"), (404, json!({ "errors": [] })));
    let denied = json!({ "errors": ["1 error occurred:\n\t* permission denied\n\n"] });
    assert_eq!(read("secret/data/staging/db"), (403, denied.clone()));
    assert_eq!(read("secret/production/db"), (403, denied));
    assert_eq!(read("sys/internal/ui/mounts/secret/production/db").1["data"]["path"], "secret/");
    assert_eq!(read("sys/internal/ui/mounts/other/x").0, 403);
    let paths = json!({ "paths": ["secret/production/db", "secret/data/production/db"] });
    let (_, may) = ask(&sandbox, "POST", "sys/capabilities-self", token, &paths);
    assert_eq!(may["data"], json!({ "secret/production/db": ["deny"], "secret/data/production/db": ["read"] }));
    assert_eq!(ask(&sandbox, "POST", "auth/token/revoke-self", token, &Value::Null).0, 204);
    assert_eq!(read("secret/data/production/db"), (403, json!({ "errors": ["permission denied"] })));
}

#[test]
fn other_tokens_are_told_why_they_are_none() {
    let sandbox = Sandbox::start().unwrap();
    let refused = |token: &str, words: &str| {
        let (status, answer) = log_in(&sandbox, token);
        let said = answer["errors"][0].as_str().unwrap();
        assert!(status == 400 && said.contains(words), "{status} {answer}");
    };
    let token = |job: &Job| sandbox.issuer.token(job);
    let main = Job::branch("main");
    let bound = "does not match any associated bound claim values";
    refused(&token(&Job::pull_request(1, "x")), bound);
    refused(&token(&Job::debug_of(&main)), "claim \"job_type\"");
    refused(&token(&Job::tag("v1")), bound);
    refused(&token(&main.clone().without("job_type")), "claim \"job_type\" is missing");
    refused(&token(&main.clone().audience("other")), "audience claim does not match any expected audience");
    refused(&token(&main.clone().expires_at(sandbox::now() - 120)), "token is expired");
    refused(&token(&main.clone().not_before(sandbox::now() + 120)), "token not yet valid");
    refused(&sandbox.issuer.forged(&main), "failed to verify id token signature");
    refused(&sandbox.issuer.unsigned(&main), "unexpected signature algorithm");
    refused("x.y", "malformed jwt");
    refused("", "missing token");
    let (status, answer) = ask(&sandbox, "POST", "auth/jwt/login", "", &json!({ "role": "nope", "jwt": "x" }));
    assert_eq!((status, answer), (400, json!({ "errors": ["role \"nope\" could not be found"] })));
}

#[test]
fn keys_that_cannot_be_had_are_said_and_fetched_again() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    sandbox.issuer.set_outage(sandbox::Outage::ServerError);
    assert!(log_in(&sandbox, &token).1["errors"][0].as_str().unwrap().contains("fetching keys"));
    sandbox.issuer.set_outage(None);
    assert_eq!(log_in(&sandbox, &token).0, 200);
    sandbox.issuer.set_outage(sandbox::Outage::ServerError);
    assert_eq!(log_in(&sandbox, &token).0, 200, "known keys are enough");
    sandbox.vault.forget_keys();
    assert_eq!(log_in(&sandbox, &token).0, 400);
}
