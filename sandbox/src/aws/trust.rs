//! Evaluates a role's trust policy: exact and Like matches. Anything else is an error.
//!
//! The product has its own evaluator. They share no code, so that each can reveal faults of the other.

use std::error::Error;
use std::fmt;

use serde_json::{Map, Value};

/// A trust policy that the sandbox can evaluate.
#[derive(Clone, Debug)]
pub struct TrustPolicy(Vec<Statement>);

/// Why the sandbox cannot evaluate a trust policy.
#[derive(Debug)]
pub struct PolicyError(String);

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the sandbox cannot evaluate this trust policy: {}", self.0)
    }
}

impl Error for PolicyError {}

#[derive(Clone, Debug)]
struct Statement {
    deny: bool,
    principals: Vec<(Kind, String)>,
    actions: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Federated,
    Aws,
}

#[derive(Clone, Debug)]
struct Condition {
    like: bool,
    key: String,
    values: Vec<String>,
}

/// The condition keys and values of a request; keys are in lower case.
pub(super) type Context = Vec<(String, String)>;

impl TrustPolicy {
    /// Parses a policy document.
    ///
    /// # Errors
    /// If it has an element, a principal or an operator that is not supported.
    pub fn parse(document: &Value) -> Result<Self, PolicyError> {
        let document = object(document, "the document")?;
        only(document, &["Version", "Id", "Statement"])?;
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().map(Statement::parse).collect(),
            Some(one) => Statement::parse(one).map(|statement| vec![statement]),
            None => Err(PolicyError("no Statement".into())),
        };
        statements.map(Self)
    }

    /// Whether one of these principals may perform the action: an Allow, and no Deny.
    pub(super) fn allows(&self, action: &str, principals: &[(Kind, String)], context: &Context) -> bool {
        let mut applying = self.0.iter().filter(|statement| statement.applies(action, principals, context)).peekable();
        applying.peek().is_some() && applying.all(|statement| !statement.deny)
    }
}

impl Statement {
    fn parse(statement: &Value) -> Result<Self, PolicyError> {
        let statement = object(statement, "a statement")?;
        only(statement, &["Sid", "Effect", "Principal", "Action", "Condition"])?;
        let deny = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => false,
            Some("Deny") => true,
            _ => return Err(PolicyError("Effect is neither Allow nor Deny".into())),
        };
        let mut principals = Vec::new();
        for (kind, names) in object(&statement["Principal"], "Principal")? {
            let kind = match kind.as_str() {
                "Federated" => Kind::Federated,
                "AWS" => Kind::Aws,
                other => return Err(PolicyError(format!("a principal of kind {other}"))),
            };
            principals.extend(strings(names, "Principal")?.into_iter().map(|name| (kind, name)));
        }
        let mut conditions = Vec::new();
        if let Some(condition) = statement.get("Condition") {
            for (operator, keys) in object(condition, "Condition")? {
                let like = match operator.as_str() {
                    "StringEquals" => false,
                    "StringLike" => true,
                    other => return Err(PolicyError(format!("the operator {other}"))),
                };
                for (key, values) in object(keys, operator)? {
                    conditions.push(Condition { like, key: key.to_lowercase(), values: strings(values, key)? });
                }
            }
        }
        Ok(Self { deny, principals, actions: strings(&statement["Action"], "Action")?, conditions })
    }

    fn applies(&self, action: &str, principals: &[(Kind, String)], context: &Context) -> bool {
        let covers = |pattern: &String| like(&pattern.to_lowercase(), &action.to_lowercase());
        self.actions.iter().any(covers)
            && self.principals.iter().any(|named| principals.contains(named))
            && self.conditions.iter().all(|condition| condition.holds(context))
    }
}

impl Condition {
    /// A key that the request lacks matches nothing.
    fn holds(&self, context: &Context) -> bool {
        let matches = |value: &str| {
            self.values.iter().any(|wanted| if self.like { like(wanted, value) } else { wanted == value })
        };
        context.iter().any(|(key, value)| *key == self.key && matches(value))
    }
}

/// `*` matches any characters, `?` any one character.
fn like(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return same_but_marks(pattern, text);
    };
    let starts = text.char_indices().map(|(index, _)| index).chain([text.len()]);
    starts.into_iter().any(|cut| same_but_marks(before, &text[..cut]) && ends_like(after, &text[cut..]))
}

/// Whether some suffix of the text matches the pattern.
fn ends_like(pattern: &str, text: &str) -> bool {
    text.char_indices().map(|(index, _)| index).chain([text.len()]).any(|cut| like(pattern, &text[cut..]))
}

fn same_but_marks(pattern: &str, text: &str) -> bool {
    pattern.chars().count() == text.chars().count()
        && pattern.chars().zip(text.chars()).all(|(wanted, letter)| wanted == '?' || wanted == letter)
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, PolicyError> {
    value.as_object().ok_or_else(|| PolicyError(format!("{what} is not an object")))
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), PolicyError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(PolicyError(format!("the element {key}"))),
        None => Ok(()),
    }
}

/// A string or a list of strings, without policy variables.
fn strings(value: &Value, what: &str) -> Result<Vec<String>, PolicyError> {
    let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    let text = |item: &Value| match item.as_str() {
        Some(text) if text.contains("${") => Err(PolicyError(format!("a variable in {what}"))),
        Some(text) => Ok(text.to_owned()),
        None => Err(PolicyError(format!("{what} is not a string or a list of them"))),
    };
    list.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(condition: &Value) -> Result<TrustPolicy, PolicyError> {
        TrustPolicy::parse(&json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": { "Federated": "p" }, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }}))
    }

    fn admits(condition: &Value, sub: &str) -> bool {
        let principal = [(Kind::Federated, "p".to_owned())];
        let context = vec![("h:sub".to_owned(), sub.to_owned())];
        policy(condition).unwrap().allows("sts:AssumeRoleWithWebIdentity", &principal, &context)
    }

    #[test]
    fn a_star_is_literal_in_an_exact_match_only() {
        assert!(admits(&json!({ "StringLike": { "h:sub": "a:*:c" } }), "a:b:c"));
        assert!(!admits(&json!({ "StringEquals": { "h:sub": "a:*:c" } }), "a:b:c"));
        assert!(admits(&json!({ "StringLike": { "H:SUB": ["x", "a:?:*"] } }), "a:b:"));
        assert!(!admits(&json!({ "StringLike": { "h:sub": "a:*:c" } }), "a:b:c:d"));
        assert!(!admits(&json!({ "StringLike": { "h:sub": "a:*b*:c" } }), "a:x:c"));
        assert!(!admits(&json!({ "StringEquals": { "h:branch": "main" } }), "main"));
    }

    #[test]
    fn what_is_not_evaluated_is_refused_when_the_role_is_made() {
        for condition in [
            json!({ "StringNotEquals": { "h:sub": "x" } }),
            json!({ "ForAllValues:StringEquals": { "h:sub": "x" } }),
            json!({ "StringEqualsIfExists": { "h:sub": "x" } }),
            json!({ "StringEquals": { "h:sub": "${aws:username}" } }),
            json!({ "StringEquals": { "h:sub": 1 } }),
        ] {
            assert!(policy(&condition).is_err(), "{condition}");
        }
    }

    #[test]
    fn a_deny_that_applies_wins() {
        let statement =
            |effect: &str| json!({ "Effect": effect, "Principal": { "Federated": "p" }, "Action": "sts:*" });
        let policy = TrustPolicy::parse(&json!({ "Statement": [statement("Allow"), statement("Deny")] })).unwrap();
        assert!(!policy.allows("sts:TagSession", &[(Kind::Federated, "p".into())], &Vec::new()));
    }
}
