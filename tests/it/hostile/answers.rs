//! Answers in each service's format, with an attacker's text as the requested value.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex_lite::{NoExpand, Regex};
use sandbox::server::Response;
use serde_json::{Value, json};

use crate::faults::steps::Step;

/// A refusal with this message.
pub(super) fn refusal(step: Step, message: &str) -> Response {
    refusal_in_two(step, None, message)
}

/// A refusal with this text as its code too, or as an error before the message.
pub(super) fn refusal_in_two(step: Step, code: Option<&str>, message: &str) -> Response {
    match step {
        Step::Token | Step::Hop | Step::Identity | Step::Eks | Step::TargetToken => {
            let (code, message) = (xml(code.unwrap_or("AccessDenied")), xml(message));
            let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
            let namespace = "https://sts.amazonaws.com/doc/2011-06-15/";
            let body =
                format!("<ErrorResponse xmlns=\"{namespace}\">{error}<RequestId>r</RequestId></ErrorResponse>\n");
            Response::new(403, "text/xml", body)
        }
        Step::Sts => {
            let code = code.unwrap_or("invalid_grant");
            Response::json(400, &json!({ "error": code, "error_description": message }))
        }
        Step::AccessToken | Step::IdToken | Step::Gke => {
            let code = code.unwrap_or("PERMISSION_DENIED");
            Response::json(403, &json!({ "error": { "code": 403, "message": message, "status": code } }))
        }
        Step::Ecr | Step::EcrPublic | Step::Renewal => {
            let code = code.unwrap_or("AccessDeniedException");
            Response::json(400, &json!({ "__type": code, "message": message }))
        }
        Step::AcrChallenge | Step::AcrExchange => {
            let code = code.unwrap_or("DENIED");
            Response::json(403, &json!({ "errors": [{ "code": code, "message": message }] }))
        }
        Step::Subscriptions => {
            let code = code.unwrap_or("AuthorizationFailed");
            Response::json(403, &json!({ "error": { "code": code, "message": message } }))
        }
        Step::Assertion | Step::Aks => {
            let code = code.unwrap_or("invalid_client");
            Response::json(401, &json!({ "error": code, "error_description": message, "error_codes": [700_213] }))
        }
        Step::Login | Step::Mount | Step::Read | Step::Write | Step::Revocation | Step::TargetRead => {
            let errors: Vec<&str> = code.into_iter().chain([message]).collect();
            Response::json(400, &json!({ "errors": errors }))
        }
        Step::Discovery | Step::Keys => Response::new(403, "text/plain; charset=utf-8", message),
    }
}

/// The normal answer with another value in place of the exported one.
pub(super) fn with_value(step: Step, answer: Response, value: &str) -> Response {
    match step {
        Step::Token | Step::Hop | Step::TargetToken => with_element(answer, "SessionToken", &xml(value)),
        Step::AccessToken => with_member(answer, "/accessToken", &json!(value)),
        Step::IdToken => with_member(answer, "/token", &json!(value)),
        Step::Assertion => with_member(answer, "/access_token", &json!(value)),
        Step::Login => with_member(answer, "/auth/client_token", &json!(value)),
        Step::Ecr | Step::EcrPublic | Step::Renewal => {
            let token = json!(STANDARD.encode(format!("AWS:{value}")));
            with_member(answer, &format!("{}/authorizationToken", password(step)), &token)
        }
        // The registry's signature, which has no full stop.
        Step::AcrExchange => {
            let token = refresh_token(&json!(4_000_000_000_u64), &value.replace('.', "-"));
            with_member(answer, "/refresh_token", &json!(token))
        }
        Step::Read | Step::TargetRead => with_member(answer, "/data/data/password", &json!(value)),
        Step::Write => with_member(answer, "/data/certificate", &json!(value)),
        Step::Identity
        | Step::Sts
        | Step::Mount
        | Step::Revocation
        | Step::Discovery
        | Step::Keys
        | Step::Eks
        | Step::Gke
        | Step::Aks
        | Step::AcrChallenge
        | Step::Subscriptions => answer,
    }
}

/// A refresh token of a registry with this time of expiry and this signature.
pub(super) fn refresh_token(expiry: &Value, signature: &str) -> String {
    format!("e30.{}.{signature}", URL_SAFE_NO_PAD.encode(json!({ "exp": expiry }).to_string()))
}

/// The place of the password in ECR's answer: private registries have a list of one.
pub(super) fn password(step: Step) -> &'static str {
    if step == Step::EcrPublic { "/authorizationData" } else { "/authorizationData/0" }
}

/// The normal answer with another content of an XML element.
pub(super) fn with_element(answer: Response, name: &str, content: &str) -> Response {
    let element = Regex::new(&format!("<{name}>[^<]*</{name}>")).unwrap();
    let content = format!("<{name}>{content}</{name}>");
    let text = String::from_utf8(answer.body).unwrap();
    Response { body: element.replace(&text, NoExpand(&content)).into_owned().into(), ..answer }
}

/// The normal answer with another value at a JSON pointer.
pub(super) fn with_member(answer: Response, pointer: &str, value: &Value) -> Response {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value.clone();
    Response { body: body.to_string().into(), ..answer }
}

/// The normal answer with additional members that contain an address, in each form.
pub(super) fn leading_to(answer: Response, address: &str) -> Response {
    let names = ["redirect", "endpoint", "token_uri", "token_url", "location", "jku", "x5u", "request_uri", "next"];
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else {
        let text = String::from_utf8_lossy(&answer.body);
        let text = text.replace("Result>", &format!("Result><Endpoint>{address}</Endpoint>"));
        // The second place is after the end of the result, with an unknown element too.
        return Response { body: text.into(), ..answer };
    };
    add(&mut body, &names, address);
    Response { body: body.to_string().into(), ..answer }
}

fn add(value: &mut Value, names: &[&str], address: &str) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|value| add(value, names, address));
            members.extend(names.iter().map(|name| ((*name).to_owned(), json!(address))));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| add(value, names, address)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A text for XML, with any characters except NUL.
pub(super) fn xml(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | ' ' => out.push(c),
            c => write!(out, "&#x{:x};", u32::from(c)).unwrap(),
        }
        out
    })
}
