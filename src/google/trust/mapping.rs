//! Evaluates the attribute mapping, key by key.

use serde_json::{Map, Value as Json};

use super::provider::{Configuration, Formula};
use super::token::SAYS;
use crate::explanation::{Check, Mark};
use crate::google::cel::{Kind, Scope, Value};
use crate::google::provider::LONGEST_SUBJECT;

/// Google's limits:
/// <https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers>.
const LONGEST_EXPRESSION: usize = 2048;
const MOST_ATTRIBUTES: usize = 50;
/// The limit applies to the values here.
const LARGEST: usize = 8 << 10;

const SUBJECT: &str = "google.subject";
const GROUPS: &str = "google.groups";

/// The attributes that result from a token.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    /// `subject` and `groups`.
    pub(super) google: Map<String, Json>,
    pub(super) attributes: Map<String, Json>,
    /// Keys whose value is unknown.
    pub(super) untold: Vec<String>,
}

impl Mapped {
    pub(super) fn subject(&self) -> Option<&str> {
        self.google.get("subject").and_then(Json::as_str)
    }

    pub(super) fn is_untold(&self, variable: &str, member: Option<&str>) -> bool {
        self.untold.iter().any(|key| match (key.split_once('.'), member) {
            (Some((known, name)), Some(member)) => known == variable && name == member,
            (Some((known, _)), None) => known == variable,
            (None, _) => false,
        })
    }
}

/// Whether Google accepts the key.
pub(super) fn is_key(key: &str) -> bool {
    let plain = |name: &str| {
        (1..=100).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    key == SUBJECT || key == GROUPS || key.strip_prefix("attribute.").is_some_and(plain)
}

/// Evaluates all keys.
pub(super) fn evaluate(provider: &Configuration, claims: &Map<String, Json>) -> (Check, Mapped) {
    let mut mapped = Mapped::default();
    let scope = Scope::new().with("assertion", claims);
    let mut parts: Vec<Check> = Vec::new();
    for (key, formula) in &provider.mapping {
        parts.push(one(key, formula, &scope, &mut mapped));
    }
    if !provider.mapping.iter().any(|(key, _)| key == SUBJECT) {
        let because = "nothing is mapped to it, and every principal needs it";
        parts.insert(0, Check::new(Mark::Fails, SUBJECT).fact("because", because));
    }
    let custom = provider.mapping.iter().filter(|(key, _)| key.starts_with("attribute.")).count();
    if custom > MOST_ATTRIBUTES {
        parts.push(Check::new(Mark::Fails, format!("{custom} attributes; Google accepts {MOST_ATTRIBUTES}")));
    }
    let values = mapped.google.values().chain(mapped.attributes.values());
    let size: usize = values.map(size).sum();
    if size > LARGEST {
        parts.push(Check::new(Mark::Fails, format!("{size} bytes are mapped; Google accepts {LARGEST}")));
    }
    let mark = super::least(parts.iter().map(|part| part.mark));
    (Check::new(mark, "the attribute mapping").parts(parts), mapped)
}

fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => 0,
    }
}

fn one(key: &str, formula: &Formula, scope: &Scope<'_>, mapped: &mut Mapped) -> Check {
    let title = format!("{key} = {}", formula.text);
    let fails = |why: String| Check::new(Mark::Fails, title.clone()).fact("because", why);
    if !is_key(key) {
        return fails(format!("`{key}` is not a key that Google accepts")).fact(SAYS, "Invalid mapped attribute key …");
    }
    if formula.text.chars().count() > LONGEST_EXPRESSION {
        return fails(format!("the expression has more than {LONGEST_EXPRESSION} characters"));
    }
    let value = match super::undeclared(formula, scope) {
        Some(undeclared) => Err(undeclared),
        None => formula.read.as_ref().map_err(Clone::clone).and_then(|expression| expression.evaluate(scope)),
    };
    let value = match value {
        Ok(value) => value,
        Err(error) if error.kind == Kind::Invalid => return fails(error.placed(&formula.text)),
        Err(error) => {
            mapped.untold.push(key.to_owned());
            return Check::new(Mark::Unknown, title).fact("because", error.placed(&formula.text));
        }
    };
    let kind = value.kind();
    let becomes = value.to_string();
    let json = match (key, value) {
        (GROUPS, Value::List(items)) => {
            let texts: Option<Vec<Json>> = items
                .into_iter()
                .map(|item| if let Value::Text(text) = item { Some(text.into()) } else { None })
                .collect();
            texts.map(Json::Array)
        }
        (GROUPS, _) => None,
        (_, Value::Text(text)) => Some(text.into()),
        _ => None,
    };
    let Some(json) = json else {
        let wanted = if key == GROUPS { "a list of texts" } else { "a text" };
        return fails(format!("it becomes {kind} ({becomes}), and must become {wanted}"));
    };
    let length = size(&json);
    let subject = key == SUBJECT;
    let (into, name) = match key.strip_prefix("attribute.") {
        Some(name) => (&mut mapped.attributes, name),
        None => (&mut mapped.google, key.trim_start_matches("google.")),
    };
    into.insert(name.to_owned(), json);
    if subject && length == 0 {
        return fails("it becomes an empty text, which names nobody".to_owned());
    }
    if subject && length > LONGEST_SUBJECT {
        return fails(format!("it has {length} bytes, and Google accepts {LONGEST_SUBJECT}"))
            .fact("becomes", becomes)
            .fact(SAYS, "invalid_request: The size of mapped attribute google.subject exceeds the 127 bytes limit. …");
    }
    Check::new(Mark::Holds, title).fact("becomes", becomes)
}
