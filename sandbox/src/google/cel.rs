//! Attribute mappings and conditions: CEL, with the functions that Google adds.
//!
//! <https://docs.cloud.google.com/iam/docs/workload-identity-federation#mapping>

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, ExecutionError, Program, Value};
use serde_json::{Map, Value as Json};

/// A provider's rules, compiled.
pub(super) struct Rules {
    mapping: Vec<(String, Program)>,
    condition: Option<Program>,
}

/// The attributes that a mapping makes of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) subject: String,
    pub(super) groups: Vec<String>,
    pub(super) attributes: BTreeMap<String, String>,
}

impl Rules {
    pub(super) fn compile(mapping: &[(&str, &str)], condition: Option<&str>) -> Result<Self, String> {
        let compile = |text: &str| Program::compile(text).map_err(|error| format!("`{text}` is not CEL: {error}"));
        let mut compiled = Vec::new();
        for (key, expression) in mapping {
            if !is_key(key) {
                return Err(format!("Invalid mapped attribute key: {key}."));
            }
            compiled.push(((*key).to_owned(), compile(expression)?));
        }
        if !mapping.iter().any(|(key, _)| *key == "google.subject") {
            return Err("The attribute mapping has no google.subject.".into());
        }
        Ok(Self { mapping: compiled, condition: condition.map(compile).transpose()? })
    }

    /// Evaluates the mapping for the claims.
    pub(super) fn map(&self, claims: &Map<String, Json>) -> Result<Mapped, String> {
        let mut context = context(claims);
        add_functions(&mut context)?;
        let mut mapped = Mapped::default();
        for (key, program) in &self.mapping {
            let value = program.execute(&context).map_err(|error| format!("{key}: {error}"))?;
            match (key.as_str(), value) {
                ("google.groups", Value::List(list)) => mapped.groups = list.iter().filter_map(text).collect(),
                ("google.subject", value) => mapped.subject = text(&value).ok_or("google.subject is not a string")?,
                (key, value) => {
                    let name = key.trim_start_matches("attribute.").to_owned();
                    mapped.attributes.insert(name, text(&value).ok_or_else(|| format!("{key} is not a string"))?);
                }
            }
        }
        Ok(mapped)
    }

    /// Whether the condition holds. A condition with an error does not.
    pub(super) fn admits(&self, claims: &Map<String, Json>, mapped: &Mapped) -> bool {
        let Some(condition) = &self.condition else { return true };
        let evaluate = || -> Result<bool, String> {
            let mut context = context(claims);
            add_functions(&mut context)?;
            let google = serde_json::json!({ "subject": mapped.subject, "groups": mapped.groups });
            context.add_variable("google", google).map_err(|error| error.to_string())?;
            context.add_variable("attribute", &mapped.attributes).map_err(|error| error.to_string())?;
            Ok(condition.execute(&context).map_err(|error| error.to_string())? == Value::Bool(true))
        };
        evaluate().unwrap_or(false)
    }
}

/// Evaluates an expression with another implementation, for tests; the value as JSON.
///
/// # Errors
/// If it has no value.
pub fn evaluate(text: &str, claims: &Map<String, Json>) -> Result<Json, String> {
    let program = Program::compile(text).map_err(|error| error.to_string())?;
    let mut context = context(claims);
    add_functions(&mut context)?;
    let value = program.execute(&context).map_err(|error| error.to_string())?;
    value.json().map_err(|error| error.to_string())
}

fn context(claims: &Map<String, Json>) -> Context<'static, 'static> {
    let mut context = Context::default();
    context.add_variable_from_value("assertion", object(claims));
    context
}

/// Written by hand, because serde's conversion of numbers is up to another crate.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, double) => Value::Float(double.unwrap_or(f64::NAN)),
        },
        Json::String(text) => string(text),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(value).collect())),
        Json::Object(members) => object(members),
    }
}

fn object(members: &Map<String, Json>) -> Value {
    members.iter().map(|(name, json)| (name.clone(), value(json))).collect::<HashMap<String, Value>>().into()
}

fn add_functions(context: &mut Context<'_, '_>) -> Result<(), String> {
    let added = context
        .add_function("extract", |This(text): This<Arc<String>>, template: Arc<String>| extract(&text, &template))
        .and_then(|()| {
            context.add_function("split", |This(text): This<Arc<String>>, separator: Arc<String>| {
                let parts = text.split(separator.as_str()).map(string);
                Value::List(Arc::new(parts.collect()))
            })
        })
        .and_then(|()| {
            context.add_function("join", |This(list): This<Arc<Vec<Value>>>, separator: Arc<String>| {
                let parts: Option<Vec<String>> = list.iter().map(text).collect();
                let parts = parts.ok_or_else(|| ExecutionError::function_error("join", "a part is not a string"))?;
                Ok::<_, ExecutionError>(string(&parts.join(&separator)))
            })
        });
    added.map_err(|error| error.to_string())
}

/// The text at `{name}` in the template; empty if the template does not match.
fn extract(text: &str, template: &str) -> Result<Value, ExecutionError> {
    let odd = || ExecutionError::function_error("extract", "the template has no {name}");
    let (before, rest) = template.split_once('{').ok_or_else(odd)?;
    let (_, after) = rest.split_once('}').ok_or_else(odd)?;
    let found = text.find(before).map(|start| &text[start + before.len()..]);
    let found = match (found, after) {
        (Some(found), "") => Some(found),
        (Some(found), after) => found.split_once(after).map(|(value, _)| value),
        (None, _) => None,
    };
    Ok(string(found.unwrap_or_default()))
}

fn string(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

fn text(value: &Value) -> Option<String> {
    if let Value::String(text) = value { Some(text.to_string()) } else { None }
}

fn is_key(key: &str) -> bool {
    let custom = |name: &str| {
        (1..=100).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    matches!(key, "google.subject" | "google.groups") || key.strip_prefix("attribute.").is_some_and(custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims() -> Map<String, Json> {
        let claims =
            json!({ "sub": "org:acme:ref:refs/heads/main", "ref": "refs/heads/main", "pr": "", "exp": 1_786_400_000 });
        claims.as_object().unwrap().clone()
    }

    fn subject(expression: &str) -> Result<String, String> {
        Rules::compile(&[("google.subject", expression)], None)?.map(&claims()).map(|mapped| mapped.subject)
    }

    #[test]
    fn googles_functions_are_there() {
        assert_eq!(subject("assertion.sub.extract('org:{org}:')").unwrap(), "acme");
        assert_eq!(subject("assertion.ref.extract('refs/heads/{branch}')").unwrap(), "main");
        assert_eq!(subject("assertion.ref.extract('refs/tags/{tag}')").unwrap(), "");
        assert_eq!(subject("assertion.ref.split('/')[2]").unwrap(), "main");
        assert_eq!(subject("assertion.ref.split('/').join('::')").unwrap(), "refs::heads::main");
        assert_eq!(subject("'semaphore::' + assertion.ref").unwrap(), "semaphore::refs/heads/main");
    }

    #[test]
    fn what_is_no_mapping_is_refused() {
        assert!(Rules::compile(&[("google.subject", "semaphore::web::main")], None).is_err());
        assert!(Rules::compile(&[("google.branch", "assertion.ref")], None).is_err());
        assert!(Rules::compile(&[("attribute.ref", "assertion.ref")], None).is_err());
        assert!(subject("assertion.repo").is_err(), "a claim that is not there");
        assert!(subject("assertion.ref == 'x'").is_err(), "not a string");
    }

    #[test]
    fn a_condition_sees_claims_and_what_was_mapped() {
        let admits = |condition: &str| {
            let mapping = [("google.subject", "assertion.sub"), ("attribute.ref", "assertion.ref")];
            let rules = Rules::compile(&mapping, Some(condition)).unwrap();
            rules.admits(&claims(), &rules.map(&claims()).unwrap())
        };
        assert!(admits("assertion.ref == 'refs/heads/main' && assertion.pr == ''"));
        assert!(admits("attribute.ref.startsWith('refs/heads/')"));
        assert!(admits("google.subject.contains('acme')"));
        assert!(admits("assertion.exp > 1786399999 && assertion.exp < 1786400001"));
        assert!(!admits("assertion.ref == 'refs/heads/Main'"));
        assert!(!admits("assertion.repo == 'web'"), "a claim that is not there");
        assert!(!admits("'text'"), "not a truth value");
    }
}
