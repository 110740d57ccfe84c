//! Answers of Vault, and of servers that are not Vault.

use std::time::Duration;

use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use super::Runs;
use crate::support::{Program, oidc_exchange};

const LOGINS: [(&str, u16, &str); 22] = [
    ("no mount", 403, "permission denied"),
    ("no route", 404, "no handler for route \"auth/jwt/login\". route entry not found."),
    ("no configuration", 400, "could not load configuration"),
    ("no role", 400, "role \"ci\" could not be found"),
    ("no role was named", 400, "missing role"),
    ("an OIDC role", 400, "role with oidc role_type is not allowed"),
    ("no token", 400, "missing token"),
    (
        "not a token",
        400,
        "error validating token: malformed jwt: go-jose/go-jose: compact JWS format must have three parts",
    ),
    (
        "the algorithm",
        400,
        "error validating token: failed to verify id token signature: unexpected signature algorithm \"RS256\"; expected [\"ES256\"]",
    ),
    ("the signature", 400, "error validating token: failed to verify id token signature"),
    ("an expired token", 400, "error validating token: invalid expiration time (exp) claim: token is expired"),
    ("an early token", 400, "error validating token: invalid issued at (iat) claim: token issued in the future"),
    (
        "no times",
        400,
        "error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token",
    ),
    ("the issuer", 400, "error validating token: invalid issuer (iss) claim"),
    ("the subject", 400, "error validating token: invalid subject (sub) claim"),
    (
        "the audience",
        400,
        "error validating token: invalid audience (aud) claim: audience claim does not match any bound audience",
    ),
    ("no bound audience", 400, "audience claim found in JWT but no audiences bound to the role"),
    ("no user claim", 400, "claim \"email\" not found in token"),
    ("a user claim that is no text", 400, "claim \"aud\" could not be converted to string"),
    ("no groups", 400, "failed to fetch groups: \"groups\" claim not found in token"),
    ("a bound claim", 400, "error validating claims: claim \"ref\" does not match any associated bound claim values"),
    ("no bound claim", 400, "error validating claims: claim \"branch\" is missing"),
];

fn vault<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    oidc_exchange(["vault", "--role", "ci", "A=secret/production/db#password"]).args(more).job(sandbox)
}

fn answer(status: u16, body: &Value) -> Fault {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Fault::Status { status, headers, body: body.to_string() }
}

#[test]
fn of_logins() {
    let mut runs = Runs::default();
    let sandbox = Sandbox::start().unwrap();
    for (kind, status, message) in LOGINS {
        sandbox.vault.script([answer(status, &json!({ "errors": [message] }))]);
        runs.add(kind, 4, &vault(&sandbox, &[]).run());
    }
    let keys = "error validating token: fetching keys oidc: get keys failed: Get \"https://acme.semaphoreci.com/.well-known/jwks.json\": dial tcp: lookup acme.semaphoreci.com on 10.96.0.10:53: no such host";
    for (kind, status, message) in [
        ("the issuer's keys", 400, keys),
        ("a sealed server", 503, "Vault is sealed"),
        ("a failure", 500, "1 error occurred:\n\t* internal error\n\n"),
        ("a limit", 429, "request path \"auth/jwt/login\": rate limit quota exceeded"),
    ] {
        sandbox.vault.always(answer(status, &json!({ "errors": [message] })));
        runs.add(kind, 5, &vault(&sandbox, &["--timeout", "1s"]).run());
    }
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>".to_owned();
    for (kind, status) in [("a page", 200), ("a page that is not found", 404), ("a page that is forbidden", 403)] {
        let headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
        sandbox.vault.always(Fault::Status { status, headers, body: page.clone() });
        runs.add(kind, 5, &vault(&sandbox, &[]).run());
    }
    runs.are_short(29);
}

#[test]
fn of_reads() {
    let mut runs = Runs::default();
    let sandbox = Sandbox::start().unwrap();
    for (kind, secret, exit) in [
        ("no field", "A=secret/production/db#pass", 4),
        ("no secret", "A=secret/production/database#password", 4),
        ("no mount", "A=kv/production/db#password", 4),
        ("another tool's path", "A=secret/production/db.password", 4),
    ] {
        runs.add(kind, exit, &oidc_exchange(["vault", "--role", "ci", secret]).job(&sandbox).run());
    }
    let denied = json!({ "errors": ["1 error occurred:\n\t* permission denied\n\n"] });
    for (kind, status, body) in [
        ("a policy", 403, denied),
        ("a used token", 403, json!({ "errors": ["permission denied"] })),
        (
            "a deleted version",
            404,
            json!({ "data": { "data": null, "metadata": { "deletion_time": "2026-01-09T02:02:12Z", "destroyed": false, "version": 2 } } }),
        ),
        (
            "a destroyed version",
            404,
            json!({ "data": { "data": null, "metadata": { "deletion_time": "", "destroyed": true, "version": 2 } } }),
        ),
    ] {
        let line = ["vault", "--role", "ci", "A=kv2:secret/production/db#password"];
        sandbox.vault.script([Fault::Delay(Duration::ZERO), answer(status, &body)]);
        runs.add(kind, 4, &oidc_exchange(line).job(&sandbox).run());
    }
    runs.are_short(8);
}
