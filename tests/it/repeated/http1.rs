//! Over HTTP/1.1: bodies, headers, request ids, redirects.

use std::sync::Arc;

use sandbox::server::{Answer, Response, Server, Service};
use sandbox::{Request, Sandbox};
use serde_json::{Value, json};

use super::{DISGUISES, Disguise, STEPS, Step, in_headers, shows_none_of, telling};

/// A server that refuses a step's call in its service's form. The message contains the call's secrets, changed by
/// `text`.
struct Refusing {
    step: Step,
    place: Place,
    disguise: &'static Disguise,
}

/// The place of a repeated secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The message.
    Message,
    /// The message, a few letters in each of its parts.
    Parts,
    /// The error's code; Vault has warnings.
    Code,
    /// The request's id.
    RequestId,
    /// The address of a redirect.
    Location,
}

/// A token that this server issues, for the call after it.
const ISSUED: &str = "hvs.CAESIJq7xLhPtM1wZk3Vb9nYtRc2Xd8sGf4Hj6Kl0Qw5Er7Ty1Ui3Op9As";

impl Service for Refusing {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        Box::pin(async { self.answered(request) })
    }

    fn throttled(&self) -> Response {
        Response::html(429)
    }

    fn unavailable(&self) -> Response {
        Response::html(503)
    }
}

impl Refusing {
    fn answered(&self, request: &Request) -> Response {
        let earlier = match self.step {
            Step::GoogleIam if request.path.ends_with("/token") => {
                Some(json!({ "access_token": ISSUED, "token_type": "Bearer", "expires_in": 3600 }))
            }
            Step::VaultRead if request.path.ends_with("/login") => {
                Some(json!({ "auth": { "client_token": ISSUED, "accessor": "a", "lease_duration": 60 } }))
            }
            Step::Aws | Step::GoogleSts | Step::GoogleIam | Step::Azure | Step::VaultLogin | Step::VaultRead => None,
        };
        if let Some(earlier) = earlier {
            return Response::json(200, &earlier);
        }
        let secret = request.secrets().into_iter().next().unwrap_or_default();
        let worn = (self.disguise.wear)(telling(&secret));
        let text = |place: Place| if self.place == place { worn.as_str() } else { "no" };
        match self.place {
            Place::Location => {
                Response::new(307, "text/plain", "").with_header("location", format!("https://{worn}.test/{worn}"))
            }
            Place::Message | Place::Parts | Place::Code | Place::RequestId => {
                let answer = self.refusal(text(Place::Code), text(Place::Message), text(Place::Parts));
                match self.place {
                    Place::RequestId => {
                        answer.with_header("x-amzn-requestid", &*worn).with_header("x-request-id", &*worn)
                    }
                    Place::Message | Place::Parts | Place::Code | Place::Location => answer,
                }
            }
        }
    }

    fn refusal(&self, code: &str, message: &str, parts: &str) -> Response {
        let letters: Vec<char> = parts.chars().collect();
        let mut parts: Vec<String> = letters.chunks(6).map(|part| part.iter().collect()).collect();
        match self.step {
            Step::Aws => {
                let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
                let (code, message) = (escape(code), escape(&format!("{message} {}", parts.join("."))));
                let body = format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
                );
                Response::new(403, "text/xml", body)
            }
            Step::GoogleSts => {
                let error = if code == "no" { parts.remove(0) } else { code.to_owned() };
                Response::json(
                    400,
                    &json!({ "error": error, "error_description": format!("{message}{}", parts.join(".")) }),
                )
            }
            Step::GoogleIam => {
                let reasons: Vec<Value> = parts.iter().skip(1).take(1).map(|part| json!({ "reason": part })).collect();
                let rest = parts.iter().skip(2).cloned().collect::<String>();
                let status = if code == "no" { parts[0].clone() } else { code.to_owned() };
                Response::json(
                    403,
                    &json!({ "error": { "status": status, "message": format!("{rest}{message}"), "details": reasons } }),
                )
            }
            Step::Azure => {
                let trace = parts.pop().unwrap_or_default();
                let error = if code == "no" { parts.join(".") } else { code.to_owned() };
                let words = format!("AADSTS700016: {message} {}", parts.join(" "));
                let body = json!({ "error": error, "error_description": words, "error_codes": [700_016], "trace_id": trace, "timestamp": parts.join("") });
                Response::json(400, &body)
            }
            Step::VaultLogin | Step::VaultRead => {
                parts.push(message.to_owned());
                Response::json(400, &json!({ "errors": parts, "warnings": [code] }))
            }
        }
    }
}

/// Runs the step with such a server, with the highest verbosity: other runs print less of the same.
#[track_caller]
fn refused(sandbox: &Sandbox, step: Step, place: Place, disguise: &'static Disguise) {
    let server = Server::start(None, |_| Arc::new(Refusing { step, place, disguise })).unwrap();
    let what = format!("{step:?}, {place:?}, {}", disguise.name);
    let output = step.program(sandbox, &server.url()).arg("-v").run();
    assert!(matches!(output.code, Some(4 | 5)), "{what}\n{}", output.describe());
    let secrets: Vec<String> = server.requests().iter().flat_map(Request::secrets).collect();
    shows_none_of(&output, &secrets, &what);
}

#[test]
fn in_a_message() {
    let sandbox = Sandbox::start().unwrap();
    for disguise in &DISGUISES {
        for step in STEPS {
            refused(&sandbox, step, Place::Message, disguise);
        }
    }
}

#[test]
fn in_parts_of_a_message_and_in_a_code() {
    let sandbox = Sandbox::start().unwrap();
    for disguise in DISGUISES.iter().step_by(3) {
        for step in STEPS {
            refused(&sandbox, step, Place::Parts, disguise);
            refused(&sandbox, step, Place::Code, disguise);
        }
    }
}

#[test]
fn in_a_request_id_and_in_the_address_of_a_redirect() {
    let sandbox = Sandbox::start().unwrap();
    for disguise in in_headers() {
        for step in STEPS {
            refused(&sandbox, step, Place::RequestId, disguise);
            refused(&sandbox, step, Place::Location, disguise);
        }
    }
}
