//! In the id of the answer that issues it, which `-v` shows.

use std::fmt::Write;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sandbox::Sandbox;
use sandbox::server::{Answer, Request, Response, Server, Service};
use serde_json::json;

use super::Step;

/// How an answer has a secret.
type Written = fn(&str) -> String;

/// Issues a secret in this form, and has it as the id of the answer.
struct Issuing {
    secret: &'static str,
    written: Written,
}

impl Service for Issuing {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let written = (self.written)(self.secret);
        let answer = if request.path.ends_with("/login") {
            // Has digits in common with one of the secrets.
            Response::json(200, &json!({ "auth": { "client_token": "hvs.CAESIJ0123456789", "lease_duration": 60 } }))
        } else if request.path.starts_with("/v1/auth/token/") {
            let ended = Response::new(204, "text/plain", "");
            // A short value is not searched for in later answers: it may be an ordinary word.
            if self.secret.len() < 16 { ended } else { ended.with_header("x-request-id", self.secret) }
        } else if request.path.starts_with("/v1/") {
            let value = json!({ "request_id": self.secret, "data": { "k": written } });
            Response::json(200, &value)
        } else {
            let keys = "<AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>abc</SecretAccessKey>";
            let token = format!("<SessionToken>{written}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>");
            let user = "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/deploy/x</Arn>\
                        <AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>";
            let name = "AssumeRoleWithWebIdentity";
            let body = format!(
                "<{name}Response><{name}Result>{user}<Credentials>{keys}{token}</Credentials></{name}Result></{name}Response>"
            );
            Response::new(200, "text/xml", body).with_header("x-amzn-requestid", self.secret)
        };
        Box::pin(async { answer })
    }

    fn throttled(&self) -> Response {
        Response::html(429)
    }

    fn unavailable(&self) -> Response {
        Response::html(503)
    }
}

/// Each letter as a character reference with this start and end.
fn referenced(secret: &str, start: &str) -> String {
    secret.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "&#{start}{byte:x};").unwrap();
        out
    })
}

#[test]
fn in_any_form_that_its_reader_decodes() {
    const SECRET: &str = "Pw9Zq7Af4BgH2kQwErTy";
    let sandbox = Sandbox::start().unwrap();
    let forms: [(Step, &str, Written); 9] = [
        (Step::Aws, SECRET, str::to_owned),
        (Step::Aws, SECRET, |secret| referenced(secret, "x")),
        (Step::Aws, SECRET, |secret| referenced(secret, "x0000000000")),
        (Step::Aws, SECRET, |secret| referenced(secret, "x+")),
        (Step::VaultRead, SECRET, |secret| STANDARD.encode(secret)),
        (Step::VaultRead, SECRET, |secret| STANDARD.encode(secret).replace('Q', "\nQ")),
        (Step::VaultRead, SECRET, |secret| STANDARD.encode(format!("AWS:{secret}"))),
        (Step::VaultRead, "pa$$w0r", str::to_owned),
        (Step::VaultRead, "12345678901234", str::to_owned),
    ];
    for (row, (step, secret, written)) in forms.into_iter().enumerate() {
        let server = Server::start(None, |_| Arc::new(Issuing { secret, written })).unwrap();
        let output = step.program(&sandbox, &server.url()).arg("-v").hands_over().run();
        output.exits(0);
        let lines = output.stderr();
        assert!(lines.lines().any(|line| line.ends_with("(request [redacted])")), "form {row}: {lines}");
        assert!(!lines.contains(&secret[secret.len() - 5..]), "form {row}: {lines}");
    }
}

/// The server has the value of the first read in its answer to the revocation, after all reads.
#[test]
fn of_an_earlier_answer_that_its_reader_decodes() {
    const SECRET: &str = "Pw9Zq7Af4BgH2kQwErTy";
    let sandbox = Sandbox::start().unwrap();
    for written in [str::to_owned as Written, |secret| STANDARD.encode(secret)] {
        let server = Server::start(None, |_| Arc::new(Issuing { secret: SECRET, written })).unwrap();
        let output = Step::VaultRead.program(&sandbox, &server.url()).arg("-v").hands_over().run();
        let lines = output.stderr();
        assert_eq!(lines.matches("(request [redacted])").count(), 2, "{lines}");
        assert!(!lines.contains(SECRET), "{lines}");
    }
}
