//! A Vault, at each step of a run.

use std::time::Duration;

use sandbox::{Job, Sandbox};

use super::bodies::{KINDS, SOME, crowds, large, value};
use super::server::{Answer, serve};
use super::{bounded, ends_well_or_is_told};
use crate::support::{Output, oidc_exchange};

pub(super) const LOGIN: &str =
    r#"{"auth":{"client_token":"hvs.x","accessor":"a","policies":["ci"],"lease_duration":900}}"#;
pub(super) const MOUNT: &str = r#"{"data":{"path":"secret/","type":"kv","options":{"version":"1"}}}"#;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Step {
    Login,
    Mount,
    Read,
}

impl Step {
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            path if path.ends_with("/login") => Some(Self::Login),
            path if path.contains("/internal/ui/mounts/") => Some(Self::Mount),
            path if path.starts_with("/v1/secret/") => Some(Self::Read),
            _ => None,
        }
    }
}

/// Uses a server with this answer at `step`, and normal answers at others.
fn ask(what: &str, step: Step, answer: Answer, secrets: &[String], more: &[&str]) -> Output {
    let server = serve(move |path| match Step::of(path) {
        Some(now) if now == step => answer.clone(),
        Some(Step::Login) => Answer::new(200, LOGIN),
        Some(Step::Mount) => Answer::new(200, MOUNT),
        Some(Step::Read) => Answer::new(200, r#"{"data":{"k":"v"}}"#),
        None => Answer::new(204, ""),
    });
    let sandbox = Sandbox::start().unwrap();
    let program = oidc_exchange(["vault", "--role", "ci", "--addr", &server.url()]).args(secrets).args(more);
    let output = bounded(what, program.job_of(&sandbox, &Job::branch("main")).hands_over());
    ends_well_or_is_told(what, &output);
    output
}

fn many(count: usize, field: &str) -> Vec<String> {
    (0..count).map(|number| format!("V{number}=secret/s{number}{field}")).collect()
}

#[test]
fn crowds_of_small_things() {
    for (what, body) in crowds() {
        for step in [Step::Login, Step::Mount, Step::Read] {
            for status in [200, 400] {
                ask(what, step, Answer::new(status, body.clone()), &many(1, "#k"), &[]);
            }
        }
    }
}

/// A member that was not requested costs nothing.
#[test]
fn beside_what_is_wanted() {
    for kind in KINDS {
        let body = format!(r#"{{"data":{{"a":{},"k":"v"}}}}"#, large(kind));
        let output = ask(kind, Step::Read, Answer::new(200, body), &many(1, "#k"), &[]);
        if !["broken off", "deep lists", "deep objects"].contains(&kind) {
            output.exits(0).exports_are("export V0='v';\n");
        }
    }
}

#[test]
fn beside_what_is_wanted_in_a_hundred_secrets() {
    for kind in SOME {
        let body = format!(r#"{{"data":{{"a":{},"k":"v"}}}}"#, value(kind, 40 << 10));
        let output = ask(kind, Step::Read, Answer::new(200, body), &many(100, "#k"), &[]);
        if !["broken off", "deep lists", "deep objects"].contains(&kind) {
            output.exits(0);
        }
    }
}

#[test]
fn as_what_is_wanted() {
    for kind in KINDS {
        for field in ["#k", "#/k/0", ""] {
            let body = format!(r#"{{"data":{{"k":{}}}}}"#, large(kind));
            for (file, format) in [("", "raw"), ("?file", "env")] {
                let secret = [format!("V=secret/s{file}{field}")];
                let what = format!("{kind}, {file}{field}");
                ask(&what, Step::Read, Answer::new(200, body.clone()), &secret, &["--format", format]);
            }
        }
    }
}

#[test]
fn as_what_is_wanted_of_a_hundred_secrets() {
    for kind in SOME {
        for field in ["#k", "?file#k"] {
            let body = format!(r#"{{"data":{{"k":{}}}}}"#, value(kind, 120 << 10));
            ask(&format!("{kind}, {field}"), Step::Read, Answer::new(200, body), &many(100, field), &[]);
        }
    }
}

/// Each member is a variable.
#[test]
fn as_many_variables() {
    for (count, format) in [(1_000, "env"), (10_000, "json"), (1_000_000, "env")] {
        let members: Vec<String> = (0..count).map(|number| format!("\"a{number:x}\":\"''''\",")).collect();
        let members = members.concat();
        let body = format!(r#"{{"data":{{{members}"b":0}}}}"#);
        let output =
            ask("variables", Step::Read, Answer::new(200, body), &["V_=secret/s#*".into()], &["--format", format]);
        output.exits(if count > 100_000 { 5 } else { 0 });
    }
}

#[test]
fn quotes_upon_quotes() {
    for quote in ["'", "\\u0001", "\\\\", "\\\""] {
        for format in ["env", "fish", "json", "source"] {
            let body = format!(r#"{{"data":{{"k":"{}"}}}}"#, quote.repeat(125 << 10));
            let what = format!("{quote} in {format}");
            ask(&what, Step::Read, Answer::new(200, body.clone()), &many(30, "#k"), &["--format", format]);
            ask(&what, Step::Read, Answer::new(200, body), &many(100, "#k"), &["--format", format]);
        }
    }
}

#[test]
fn in_the_words_around_it() {
    for kind in SOME {
        let hostile = large(kind);
        for member in ["lease_id", "lease_duration", "warnings", "errors", "auth", "data"] {
            let body = format!(r#"{{"{member}":{hostile}}}"#);
            let what = format!("{kind} as {member}");
            let step = if member == "auth" { Step::Login } else { Step::Read };
            ask(&what, step, Answer::new(200, body.clone()), &many(1, "#k"), &["-v"]);
            if ["errors", "warnings", "data"].contains(&member) {
                ask(&what, Step::Read, Answer::new(403, body), &many(1, "#k"), &["-v"]);
            }
        }
    }
}

#[test]
fn in_what_is_kept_of_the_login() {
    for kind in SOME {
        let hostile = large(kind);
        for member in ["client_token", "accessor", "policies", "lease_duration", "token_type", "mfa_requirement"] {
            let body = LOGIN.replace("\"auth\":{", &format!("\"auth\":{{\"{member}\":{hostile},"));
            let body =
                if LOGIN.contains(member) { format!(r#"{{"auth":{{"{member}":{hostile},"z":0}}}}"#) } else { body };
            ask(&format!("{kind} as {member}"), Step::Login, Answer::new(200, body), &many(100, "#k"), &[]);
        }
        for body in [hostile.clone(), format!(r#"{{"data":{hostile}}}"#), format!(r#"{{"data":{{"path":{hostile}}}}}"#)]
        {
            ask(&format!("{kind} as a mount"), Step::Mount, Answer::new(200, body), &many(1, "#k"), &[]);
        }
    }
}

/// The kept parts of all answers are counted together.
#[test]
fn a_little_of_each_of_a_hundred() {
    let long = "x".repeat(16 << 10);
    let texts = format!("[{}\"\"]", format!("\"{long}\",").repeat(60));
    for body in [
        format!(r#"{{"lease_id":"{long}","lease_duration":60,"data":{{"k":"v"}}}}"#),
        format!(r#"{{"warnings":{texts},"data":{{"k":"v"}}}}"#),
        format!(r#"{{"data":{{"{long}":"x","k":"v"}}}}"#),
    ] {
        ask("a little", Step::Read, Answer::new(200, body), &many(100, "#k"), &["-v"]);
    }
    for status in [403, 404, 500, 503] {
        let answer = Answer::new(status, format!(r#"{{"errors":{texts},"warnings":{texts}}}"#));
        ask("errors", Step::Read, answer, &many(100, "#k"), &["--timeout", "2s"]);
    }
}

#[test]
fn without_an_end() {
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        for part in ["[", "[],", "{\"\":[", "{\"data\":{\"k\":\"", " ", "\\u0001"] {
            for step in [Step::Login, Step::Mount, Step::Read] {
                let answer = Answer::endless(part.repeat(if pause.is_zero() { 4096 } else { 1 }), pause);
                let output = ask(part, step, answer, &many(100, "#k"), &["--timeout", "2s"]);
                output.exits(5);
            }
        }
    }
}

#[test]
fn in_headers() {
    let long = "x".repeat(100 << 10);
    for headers in [
        (0..90).map(|number| format!("h{number}: {}\r\n", &long[..4000])).collect::<Vec<_>>().concat(),
        (0..20_000).map(|number| format!("h{number}: \r\n")).collect::<Vec<_>>().concat(),
        format!("x-vault-index: {long}\r\n"),
        format!("{}: x\r\n", "h".repeat(60_000)),
        "h: x\r\n".repeat(99),
        format!("h: {}\r\n", "x".repeat(20 << 20)),
    ] {
        for step in [Step::Login, Step::Read] {
            let sound = if step == Step::Login { LOGIN } else { r#"{"data":{"k":"v"}}"# };
            let answer = Answer::new(200, sound).with_headers(headers.clone());
            ask(&headers[..20], step, answer, &many(100, "#k"), &["--timeout", "3s"]);
        }
    }
}
