//! The crate `cel`, an implementation that is independent of the program's.

use std::collections::HashMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, ExecutionError, Program, Value};
use serde_json::{Map, Value as Json};

use super::{Failure, Found, Variables};

pub(super) struct Expression(Program);

impl Expression {
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        Program::compile(text).map(Self).map_err(|error| error.to_string())
    }

    pub(super) fn evaluate(&self, variables: &Variables<'_>) -> Result<Found, Failure> {
        let value = self.value(variables).map_err(|why| Failure { why, unsupported: false })?;
        if let Value::Bool(truth) = value {
            return Ok(Found::Truth(truth));
        }
        if let Value::List(list) = &value {
            return Ok(Found::Texts(list.iter().filter_map(text).collect()));
        }
        Ok(text(&value).map_or(Found::Other, Found::Text))
    }

    fn value(&self, variables: &Variables<'_>) -> Result<Value, String> {
        let mut context = Context::default();
        for (name, members) in variables {
            context.add_variable_from_value(*name, object(members));
        }
        add_functions(&mut context)?;
        self.0.execute(&context).map_err(|error| error.to_string())
    }
}

/// Evaluates an expression with another implementation, for tests; the value as JSON.
///
/// # Errors
/// If it has no value.
pub fn evaluate(text: &str, claims: &Map<String, Json>) -> Result<Json, String> {
    let value = Expression::compile(text)?.value(&[("assertion", claims)])?;
    value.json().map_err(|error| error.to_string())
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
