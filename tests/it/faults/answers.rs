//! Damaged answers: they contain all or half of the requested data, and cannot be used.

use regex_lite::Regex;
use sandbox::server::Response;
use serde_json::{Value, json};

/// The first half, with a length as if it were complete.
pub(super) fn cut(answer: Response) -> Response {
    let half = answer.body.len() / 2;
    Response { body: answer.body[..half].to_vec(), ..answer }
}

/// All values with another type, including secrets.
pub(super) fn mistyped(answer: Response) -> Response {
    edited(answer, &|value| retyped(value), "soon")
}

/// An empty answer.
pub(super) fn lacking(answer: Response) -> Response {
    edited(answer, &|_| json!({}), "")
}

fn edited(answer: Response, json: &dyn Fn(Value) -> Value, text: &str) -> Response {
    let body = match serde_json::from_slice(&answer.body) {
        Ok(value) => json(value).to_string(),
        Err(_) => in_elements(&String::from_utf8_lossy(&answer.body), text),
    };
    Response { body: body.into(), ..answer }
}

fn retyped(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, retyped(value))).collect(),
        Value::String(text) => json!([text]),
        Value::Array(_) | Value::Number(_) | Value::Bool(_) => json!("soon"),
        Value::Null => json!(7),
    }
}

/// XML has no types. Only a time and an account's number have another form.
fn in_elements(xml: &str, text: &str) -> String {
    let elements = Regex::new("<(Expiration|Account)>[^<]*</(Expiration|Account)>").unwrap();
    elements.replace_all(xml, format!("<$1>{text}</$1>")).into_owned()
}
