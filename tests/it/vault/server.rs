//! Answers that OpenBao cannot give. The sandbox's Vault gives them.

use std::time::Duration;

use sandbox::{Fault, Sandbox, VAULT_PASSWORD, VAULT_ROLE};
use serde_json::{Value, json};

use crate::support::{Program, expect, oidc_exchange, stop};

const READ: &str = "A=secret/production/db#username";

fn vault<'s>(sandbox: &'s Sandbox, arguments: &[&str]) -> Program<'s> {
    oidc_exchange(["vault", "--role", VAULT_ROLE]).args(arguments).job(sandbox)
}

fn says(status: u16, headers: &[(&str, &str)], body: &Value) -> Fault {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Fault::Status { status, headers, body: body.to_string() }
}

fn error(status: u16, words: &str) -> Fault {
    says(status, &[], &json!({ "errors": [words] }))
}

fn paths(sandbox: &Sandbox) -> Vec<String> {
    sandbox.vault.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[test]
fn the_newcomers_command() {
    let sandbox = Sandbox::start().unwrap();
    let output = vault(&sandbox, &["DB_PASSWORD=secret/production/db#password", "--format", "raw"]).run();
    output.exits(0).stdout_is(VAULT_PASSWORD).stderr_is(expect![[""]]);
    assert_eq!(
        paths(&sandbox),
        [
            "POST /v1/auth/jwt/login",
            "GET /v1/sys/internal/ui/mounts/secret/production/db",
            "GET /v1/secret/data/production/db",
            "POST /v1/auth/token/revoke-self",
        ]
    );
    for request in sandbox.vault.requests() {
        assert_eq!(request.header("x-vault-request"), Some("true"));
    }
    assert!(sandbox.vault.issued().iter().all(|token| !sandbox.vault.is_good(token)));
}

#[test]
fn the_api_path_saves_the_question_for_the_mount() {
    let sandbox = Sandbox::start().unwrap();
    for path in ["secret/data/production/db", "kv2:secret/production/db"] {
        vault(&sandbox, &[&format!("A={path}#username")]).run().exits(0).exports_are("export A='app';\n");
    }
    assert_eq!(sandbox.vault.requests().len(), 6);
}

#[test]
fn what_heals_is_asked_again() {
    for fault in [
        error(412, "required index state not present"),
        error(503, "Vault is sealed"),
        error(500, "internal error"),
        error(502, ""),
        says(429, &[("retry-after", "0")], &json!({ "errors": [] })),
        Fault::ResetBeforeHeaders,
        Fault::ResetInBody,
    ] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.vault.script([fault.clone()]);
        vault(&sandbox, &["-q", READ]).run().exits(0).exports_are("export A='app';\n");
        assert_eq!(sandbox.vault.requests().len(), 5, "{fault:?} at the login");
    }
}

#[test]
fn an_engine_that_is_not_ready_yet_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let words = "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.";
    sandbox.vault.script([Fault::Delay(Duration::ZERO), error(400, words)]);
    vault(&sandbox, &["-q", "A=secret/data/production/db#username"]).run().exits(0).exports_are("export A='app';\n");
}

#[test]
fn keys_and_discovery_that_cannot_be_had_are_asked_for_again() {
    for words in [
        "error validating token: error verifying token signature: fetching keys oidc: get keys failed Get \"http://x\": dial tcp: connection refused",
        "error configuring token validator: keyset configuration error: Get \"https://x\": dial tcp: connection refused",
    ] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.vault.script([error(400, words), error(400, words)]);
        vault(&sandbox, &["-q", READ]).run().exits(0).exports_are("export A='app';\n");
    }
}

/// A CA is no remedy for a wrong name or an expired certificate.
#[test]
fn an_issuer_whose_certificate_the_server_refuses() {
    let authority = "set oidc_discovery_ca_pem (or jwks_ca_pem) in auth/jwt/config to the issuer's CA\n";
    for (reason, hint) in [
        ("certificate signed by unknown authority", authority),
        ("certificate is valid for y.example, not x.example", "the server itself must reach "),
        ("certificate has expired or is not yet valid", "the server itself must reach "),
    ] {
        let sandbox = Sandbox::start().unwrap();
        let keys = "error validating token: error verifying token signature: fetching keys oidc: get keys failed";
        let words = format!("{keys} Get \"https://x.example\": tls: failed to verify certificate: x509: {reason}");
        sandbox.vault.always(error(400, &words));
        let output = vault(&sandbox, &["-q", "--timeout", "1s", READ]).run();
        output.exits(5).stdout_is(&format!("unset A;\n{}", stop(5)));
        let said = output.stderr();
        assert!(said.contains(reason) && said.contains(&format!("\nhint: {hint}")), "{said}");
    }
}

#[test]
fn what_does_not_heal_is_said_at_once() {
    let sandbox = Sandbox::start().unwrap();
    let once = |fault: Fault, code: i32| {
        let asked = sandbox.vault.requests().len();
        sandbox.vault.script([fault]);
        let output = vault(&sandbox, &[READ]).run();
        output.exits(code).stdout_is(&format!("unset A;\n{}", stop(u8::try_from(code).unwrap())));
        assert_eq!(sandbox.vault.requests().len(), asked + 1);
        output
    };
    once(error(500, "missing name in alias"), 4).stderr_is(expect![[r#"
        error: Vault refused the token
          said       500 missing name in alias
          asked for  role ci at auth/jwt/login of http://VAULT
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main

        hint: the claim that user_claim on auth/jwt/role/ci names is empty in this token, as `actor` is in every Semaphore token
        hint: find the cause: oidc-exchange explain vault --role-config role.json
    "#]]);
    once(error(405, "unsupported operation"), 4).stderr_is(expect![[r#"
        error: Vault has no JWT auth method at this mount
          said       405 unsupported operation
          asked for  role ci at auth/jwt/login of http://VAULT

        hint: check that auth/jwt/login is the login of a JWT auth method
    "#]]);
    once(error(400, "something that nobody has seen before"), 4).stderr_is(expect![[r#"
        error: Vault refused the token
          said       400 something that nobody has seen before
          asked for  role ci at auth/jwt/login of http://VAULT
          presented  iss=aud=http://ISSUER
                     sub=org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
    "#]]);
    let mfa = json!({ "auth": { "client_token": "", "mfa_requirement": { "mfa_request_id": "x" } } });
    once(says(200, &[], &mfa), 4).stderr_is(expect![[r#"
        error: Vault asks for more than the token
          said       200, without a token: it asks for a second factor (mfa_requirement)
          asked for  role ci at auth/jwt/login of http://VAULT

        hint: a job has no second factor: exempt this role or its entity from the login enforcement (identity/mfa/login-enforcement)
    "#]]);
    let clear = "Client sent an HTTP request to an HTTPS server.\n".to_owned();
    once(Fault::Status { status: 400, headers: Vec::new(), body: clear }, 5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       400 Client sent an HTTP request to an HTTPS server.
          asked for  role ci at auth/jwt/login of http://VAULT

        hint: this port speaks TLS: write the address with https://
    "#]]);
    once(Fault::HtmlOk, 5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       the answer with status 200 cannot be used: it is not an answer of Vault
          asked for  role ci at auth/jwt/login of http://VAULT

        hint: was this Vault? a proxy, a captive portal or a wrong VAULT_ADDR may have answered
    "#]]);
    for (status, body) in [(204, ""), (200, ""), (200, "{}")] {
        let answer = Fault::Status { status, headers: Vec::new(), body: body.into() };
        let said = once(answer, 5).stderr();
        assert!(
            said.contains(&format!("the answer with status {status} cannot be used: it has no client token")),
            "{said}"
        );
        assert!(said.contains("hint: was this Vault?"), "{said}");
    }
    once(Fault::status(404), 5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       404
          asked for  role ci at auth/jwt/login of http://VAULT

        hint: was this Vault? a proxy, a captive portal or a wrong VAULT_ADDR may have answered
    "#]]);
}

#[test]
fn no_redirect_is_followed_with_a_token() {
    let (sandbox, other) = (Sandbox::start().unwrap(), Sandbox::start().unwrap());
    for status in [301, 307, 308] {
        sandbox
            .vault
            .script([Fault::Redirect { status, location: format!("{}/v1/auth/jwt/login", other.vault.url()) }]);
        let word = format!("127.0.0.1:{}", other.vault.port());
        vault(&sandbox, &[READ]).word(&word, "OTHER").run().exits(5);
    }
    let faults = [
        Fault::Delay(Duration::ZERO),
        Fault::Redirect { status: 307, location: format!("{}/v1/x", other.vault.url()) },
    ];
    sandbox.vault.script(faults);
    let word = format!("127.0.0.1:{}", other.vault.port());
    let output = vault(&sandbox, &["A=secret/data/production/db#username"]).word(&word, "OTHER").run();
    output.exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       VAULT answered 307, a redirect to http://OTHER
          asked for  GET secret/data/production/db of http://VAULT

        hint: the token is not sent on to another address; point the endpoint at the final one
    "#]]);
    assert!(other.vault.requests().is_empty());
}

#[test]
fn the_state_that_knows_the_token_is_named_to_the_standby() {
    let sandbox = Sandbox::start().unwrap();
    let auth =
        json!({ "auth": { "client_token": "s.0123456789abcdefghijklmn", "policies": ["x"], "lease_duration": 60 } });
    let secret = json!({ "data": { "v": "one" } });
    sandbox.vault.script([
        says(200, &[("x-vault-index", "v1:abc:12")], &auth),
        says(200, &[], &secret),
        Fault::status(204),
    ]);
    vault(&sandbox, &["A=kv1:old/x#v"]).run().exits(0).exports_are("export A='one';\n");
    let requests = sandbox.vault.requests();
    assert_eq!(requests[0].header("x-vault-index"), None);
    assert_eq!(requests[1].header("x-vault-index"), Some("v1:abc:12"));
    assert_eq!(requests[1].header("x-vault-token"), Some("s.0123456789abcdefghijklmn"));
}

/// A second answer could be a second certificate that nobody uses.
#[test]
fn a_write_is_repeated_only_where_it_was_surely_not_carried_out() {
    const WRITE: &str = "A=POST:pki/issue/web{}#certificate";
    let made = json!({ "data": { "certificate": "c" } });
    for (fault, again) in [
        (error(503, "Vault is sealed"), true),
        (error(429, "rate limit quota exceeded"), true),
        (error(500, "internal error"), false),
        (error(504, ""), false),
        (Fault::ResetBeforeHeaders, false),
        (Fault::ResetInBody, false),
    ] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.vault.script([Fault::Delay(Duration::ZERO), fault.clone(), says(200, &[], &made)]);
        let output = vault(&sandbox, &["-q", WRITE]).run();
        let writes = paths(&sandbox).iter().filter(|path| path.ends_with("pki/issue/web")).count();
        assert_eq!((output.code, writes), if again { (Some(0), 2) } else { (Some(5), 1) }, "{fault:?}");
    }
}

#[test]
fn a_token_that_would_not_end_is_said_and_no_failure() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.script([Fault::Delay(Duration::ZERO), Fault::Delay(Duration::ZERO), error(400, "not today")]);
    let output = vault(&sandbox, &["A=secret/data/production/db#username"]).run();
    output.exits(0).exports_are("export A='app';\n").stderr_is(expect![[r#"
        warning: the client token was not revoked, and expires within 900 s: Vault: 400 not today
    "#]]);
}

#[test]
fn a_version_1_server_without_the_question_is_read_as_it_is() {
    let sandbox = Sandbox::start().unwrap();
    let faults = [
        Fault::Delay(Duration::ZERO),
        says(404, &[], &json!({ "errors": [] })),
        says(200, &[], &json!({ "data": { "v": "one" }, "lease_id": "", "lease_duration": 2_764_800 })),
    ];
    sandbox.vault.script(faults);
    vault(&sandbox, &["A=old/x#v"]).run().exits(0).exports_are("export A='one';\n").stderr_is(expect![[""]]);
    assert_eq!(paths(&sandbox)[2], "GET /v1/old/x");
}

#[test]
fn what_is_sent_is_said_with_v_and_no_secret_is() {
    let sandbox = Sandbox::start().unwrap();
    vault(&sandbox, &["-vv", READ]).run().exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST VAULT: 200 in T ms (request ID)
        oidc-exchange: GET VAULT: 200 in T ms (request ID)
        oidc-exchange: GET VAULT: 200 in T ms (request ID)
        oidc-exchange: POST VAULT: 204 in T ms
        oidc-exchange: revoked the client token
    "#]]);
}
