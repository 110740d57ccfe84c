//! Reads the output of `bao read -format=json` or `vault read -format=json`, or the body of a write, with the places
//! of values.

use std::fmt;

use serde_json::{Map, Value};

use crate::document::Document;
use crate::error::Usage;
use crate::vault::client_command::ClientCommand;

/// The members of the object: those of `data`, or of the whole document if there is no envelope.
#[derive(Clone, Copy)]
pub(super) struct Fields<'d> {
    document: &'d Document,
    members: &'d Map<String, Value>,
    enveloped: bool,
}

/// Other kinds of files, each with a member that only it has.
const OTHERS: [(&str, &str); 9] = [
    ("errors", "an error of the server's"),
    ("wrap_info", "a wrapped answer, which only its one-time token opens"),
    ("keys", "a list of names"),
    ("cel_program", "a CEL role: its program is not evaluated here"),
    ("bound_service_account_names", "a role of the Kubernetes auth method"),
    ("bind_secret_id", "a role of the AppRole auth method"),
    ("user_claim", "a role of the JWT auth method"),
    ("oidc_discovery_url", "the configuration of a JWT auth method"),
    ("bound_issuer", "the configuration of a JWT auth method"),
];

impl<'d> Fields<'d> {
    /// The object, if it has one of the members `telling`, by which a file of the kind `wanted` is recognized.
    /// `command` prints such a file.
    pub(super) fn of(
        document: &'d Document,
        telling: &[&str],
        wanted: &str,
        command: &str,
        client: ClientCommand,
    ) -> Result<Self, Usage> {
        let hint = || format!("`{client} read -format=json {command}` prints {wanted}");
        let Some(whole) = document.value().as_object() else {
            let what = if document.value().is_array() { "a list" } else { "no object" };
            return Err(document.wrong("", format_args!("it is {what}, and not {wanted}")).hint(hint()));
        };
        let data = whole.get("data").and_then(Value::as_object);
        let (members, place) = data.map_or((whole, ""), |data| (data, "data"));
        if telling.iter().any(|name| members.get(*name).is_some_and(|value| !value.is_null())) {
            return Ok(Self { document, members, enveloped: data.is_some() });
        }
        let held = |name: &&(&str, &str)| members.get(name.0).is_some_and(|value| !value.is_null());
        let wrong = match OTHERS.iter().find(held) {
            Some((_, what)) => document.wrong(place, format_args!("it is {what}, and not {wanted}")),
            None => document.wrong(place, format_args!("it has no `{}`, and is not {wanted}", telling.join("`, no `"))),
        };
        Err(wrong.hint(hint()))
    }

    pub(super) fn members(&self) -> &'d Map<String, Value> {
        self.members
    }

    /// A member that exists and is not null.
    pub(super) fn get(&self, name: &str) -> Option<&'d Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// The error that `name`, or the part `within` it, is invalid.
    pub(super) fn wrong(&self, name: &str, within: impl fmt::Display, wanted: &str) -> Usage {
        let before = if self.enveloped { "data." } else { "" };
        self.document.wrong(&format!("{before}{name}{within}"), format_args!("it is not {wanted}"))
    }

    /// A text; empty if it is missing.
    pub(super) fn text(&self, name: &str) -> Result<String, Usage> {
        match self.get(name) {
            None => Ok(String::new()),
            Some(value) => value.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "", "a text")),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Usage> {
        match self.get(name) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(name, "", "true or false")),
        }
    }

    /// Texts: a list, or one text with commas, as in a write. Empty if it is missing.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Usage> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text.split(',').map(|part| part.trim().to_owned()).collect()),
            Some(Value::Array(items)) => {
                let item = |(at, item): (usize, &Value)| {
                    item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, format_args!("[{at}]"), "a text"))
                };
                items.iter().enumerate().map(item).collect()
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::Object(_) | Value::Null) => {
                Err(self.wrong(name, "", "a list of texts"))
            }
        }
    }

    /// A number, or a time in seconds, which may be a text such as `15m` in a write. 0 if it is missing.
    pub(super) fn number(&self, name: &str) -> Result<i64, Usage> {
        let number = match self.get(name) {
            None => Some(0),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.parse().ok().or_else(|| {
                let time = humantime::parse_duration(text).ok()?;
                i64::try_from(time.as_secs()).ok()
            }),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null) => None,
        };
        number.ok_or_else(|| self.wrong(name, "", "a whole number"))
    }

    /// The members of an object; empty if it is missing.
    pub(super) fn object(&self, name: &str) -> Result<Vec<(&'d String, &'d Value)>, Usage> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Object(members)) => Ok(members.iter().collect()),
            Some(Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Null) => {
                Err(self.wrong(name, "", "an object"))
            }
        }
    }
}
