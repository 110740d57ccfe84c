//! Parses a trust policy strictly: what IAM would reject is refused, with its place.
//!
//! The grammar: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use serde_json::{Map, Value};

use super::super::RoleArn;
use super::operator::Operator;
use super::pattern::Wanted;
use crate::document::Document;
use crate::error::Usage;

/// A trust policy.
#[derive(Debug)]
pub(super) struct Policy {
    /// Whether its version supports variables.
    pub(super) has_variables: bool,
    /// Its length without white space, as IAM counts it.
    pub(super) length: usize,
    /// Its statements.
    pub(super) statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its place in the document, for example `Statement[0]`.
    pub(super) place: String,
    /// Its own name.
    pub(super) sid: Option<String>,
    /// Whether its effect is Deny.
    pub(super) denies: bool,
    /// The principals that it covers.
    pub(super) principals: Principals,
    /// The actions that it covers.
    pub(super) actions: Actions,
    /// Its conditions.
    pub(super) conditions: Vec<Condition>,
}

/// `Principal` or `NotPrincipal`.
#[derive(Debug)]
pub(super) struct Principals {
    /// Whether it is `NotPrincipal`.
    pub(super) except: bool,
    /// The named principals; `None` for everybody.
    pub(super) named: Option<Vec<(Kind, String)>>,
}

/// The kind of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identity provider.
    Federated,
    /// An account, or a user or role in one.
    Aws,
    /// An AWS service, or a canonical user.
    Other,
}

/// `Action` or `NotAction`.
#[derive(Debug)]
pub(super) struct Actions {
    /// Whether it is `NotAction`.
    pub(super) except: bool,
    /// Patterns with `*` and `?`.
    pub(super) patterns: Vec<String>,
}

/// A condition: an operator, a key, and the values, of which one must match.
#[derive(Debug)]
pub(super) struct Condition {
    /// The operator.
    pub(super) operator: Operator,
    /// The key as written.
    pub(super) key: String,
    /// The values.
    pub(super) values: Vec<Wanted>,
}

/// The size of IAM's largest policies of any kind. By default, a trust policy has a fifth of it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const LONGEST: usize = 10_240;

/// Decodes a policy that is percent-encoded, as in IAM's API. Returns anything else unchanged.
pub(super) fn decoded(bytes: Vec<u8>) -> Vec<u8> {
    let text = bytes.trim_ascii();
    if text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"%7b")) {
        // An encoded text contains no `&` or `=`, so all of it is parsed as one name.
        if let Some((all, _)) = form_urlencoded::parse(text).next() {
            return all.into_owned().into_bytes();
        }
    }
    bytes
}

impl Policy {
    /// Reads the policy: from a file with only the policy, or from the output of `aws iam get-role` or of our
    /// `setup`. With `get-role`, also returns the role.
    pub(super) fn read(document: &Document) -> Result<(Self, Option<RoleArn>), Usage> {
        let (mut value, mut place) = (document.value(), String::new());
        for (pointer, within) in [("/Role", "Role."), ("/documents/CreateRole", "documents.CreateRole.")] {
            if let Some(role) = value.pointer(pointer) {
                (value, place) = (role, within.into());
            }
        }
        let Some(policy) = value.get("AssumeRolePolicyDocument") else {
            return Ok((At { document, within: place }.policy(value)?, None));
        };
        let role = match value.get("Arn") {
            None => None,
            Some(Value::String(arn)) => {
                Some(RoleArn::parse(&format!("{place}Arn"), arn).map_err(|wrong| wrong.at(document.name()))?)
            }
            Some(_) => return Err(document.wrong(&format!("{place}Arn"), "a role's ARN is a text")),
        };
        place.push_str("AssumeRolePolicyDocument");
        let Value::String(text) = policy else {
            place.push('.');
            return Ok((At { document, within: place }.policy(policy)?, role));
        };
        let name = format!("{}: {place}", document.name());
        let inner = Document::from_text(&name, &decoded(text.clone().into_bytes()))?;
        Ok((At { document: &inner, within: String::new() }.policy(inner.value())?, role))
    }
}

/// The current place in the document.
struct At<'d> {
    document: &'d Document,
    /// The path of the policy in the document, with a dot at the end.
    within: String,
}

impl At<'_> {
    fn wrong(&self, place: &str, why: impl std::fmt::Display) -> Usage {
        let place = format!("{}{place}", self.within);
        self.document.wrong(place.trim_end_matches('.'), why)
    }

    fn policy(&self, value: &Value) -> Result<Policy, Usage> {
        if let Value::String(text) = value {
            // The whole file is the percent-encoded document in quotes.
            let inner = Document::from_text(self.document.name(), &decoded(text.clone().into_bytes()))?;
            if inner.value().is_object() {
                return At { document: &inner, within: String::new() }.policy(inner.value());
            }
        }
        let policy = self.object("", value, "a trust policy")?;
        let Some(statements) = policy.get("Statement") else {
            return Err(self
                .wrong("", "not a trust policy: it has no Statement")
                .hint("give the policy document, or the output of `aws iam get-role --role-name NAME`"));
        };
        self.only("", policy, &["Version", "Id", "Statement"])?;
        let length = value.to_string().chars().count();
        if length > LONGEST {
            return Err(
                self.wrong("", format!("{length} characters without spaces, more than IAM accepts for any policy"))
            );
        }
        let has_variables = match policy.get("Version") {
            None => false,
            Some(Value::String(version)) if version == "2008-10-17" => false,
            Some(Value::String(version)) if version == "2012-10-17" => true,
            Some(_) => return Err(self.wrong("Version", "it is 2012-10-17, or 2008-10-17 as if none stood there")),
        };
        if let Some(id) = policy.get("Id") {
            self.text("Id", id)?;
        }
        let statements: Vec<Statement> = match statements {
            Value::Array(all) if all.is_empty() => return Err(self.wrong("Statement", "it has no statement")),
            Value::Array(all) => all
                .iter()
                .enumerate()
                .map(|(index, one)| self.statement(&format!("Statement[{index}]"), one, has_variables))
                .collect::<Result<_, _>>()?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                vec![self.statement("Statement", statements, has_variables)?]
            }
        };
        Ok(Policy { has_variables, length, statements })
    }

    fn statement(&self, place: &str, value: &Value, has_variables: bool) -> Result<Statement, Usage> {
        const ELEMENTS: [&str; 7] = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"];
        let elements = self.object(place, value, "a statement")?;
        for name in ["Resource", "NotResource"] {
            if elements.contains_key(name) {
                return Err(self.wrong(
                    &format!("{place}.{name}"),
                    "a trust policy has none: the role that it belongs to is meant",
                ));
            }
        }
        self.only(place, elements, &ELEMENTS)?;
        let denies = match elements.get("Effect") {
            Some(Value::String(effect)) if effect == "Allow" => false,
            Some(Value::String(effect)) if effect == "Deny" => true,
            Some(_) => return Err(self.wrong(&format!("{place}.Effect"), "it is exactly `Allow` or `Deny`")),
            None => return Err(self.wrong(place, "it has no Effect")),
        };
        let (except, at, principal) = self.either(place, elements, "Principal", "NotPrincipal")?;
        let principals = Principals { except, named: self.principals(&at, principal)? };
        let (except, at, action) = self.either(place, elements, "Action", "NotAction")?;
        let actions = Actions { except, patterns: self.texts(&at, action)? };
        for (index, action) in actions.patterns.iter().enumerate() {
            if action != "*" && !action.contains(':') {
                return Err(
                    self.wrong(&at, format!("entry {index}, `{action}`, is not an action: write it as sts:NAME"))
                );
            }
        }
        let mut conditions = Vec::new();
        if let Some(value) = elements.get("Condition") {
            let at = format!("{place}.Condition");
            for (name, keys) in self.object(&at, value, "Condition")? {
                let at = format!("{at}.{name}");
                let operator = Operator::parse(name)
                    .ok_or_else(|| self.wrong(&at, "IAM has no condition operator of this name"))?;
                for (key, values) in self.object(&at, keys, "what is under an operator")? {
                    let values =
                        self.values(&format!("{at}.{key}"), values, has_variables && operator.takes_variables())?;
                    conditions.push(Condition { operator: operator.clone(), key: key.clone(), values });
                }
            }
        }
        let sid = elements.get("Sid").map(|sid| self.text(&format!("{place}.Sid"), sid)).transpose()?;
        Ok(Statement { place: place.to_owned(), sid, denies, principals, actions, conditions })
    }

    /// Of two alternative elements: the one that is present, whether it is the second one, and its place.
    fn either<'v>(
        &self,
        place: &str,
        elements: &'v Map<String, Value>,
        first: &str,
        second: &str,
    ) -> Result<(bool, String, &'v Value), Usage> {
        match (elements.get(first), elements.get(second)) {
            (Some(value), None) => Ok((false, format!("{place}.{first}"), value)),
            (None, Some(value)) => Ok((true, format!("{place}.{second}"), value)),
            (Some(_), Some(_)) => Err(self.wrong(place, format!("both {first} and {second} are in it"))),
            (None, None) => Err(self.wrong(place, format!("neither {first} nor {second} is in it"))),
        }
    }

    fn principals(&self, place: &str, value: &Value) -> Result<Option<Vec<(Kind, String)>>, Usage> {
        if value == "*" {
            return Ok(None);
        }
        let Value::Object(kinds) = value else {
            return Err(self.wrong(place, "it is \"*\", or an object such as {\"Federated\": ARN}"));
        };
        let mut named = Vec::new();
        for (name, names) in kinds {
            let at = format!("{place}.{name}");
            let kind = match name.as_str() {
                "Federated" => Kind::Federated,
                "AWS" => Kind::Aws,
                "Service" | "CanonicalUser" => Kind::Other,
                _ => return Err(self.wrong(&at, "a principal is Federated, AWS, Service or CanonicalUser")),
            };
            named.extend(self.texts(&at, names)?.into_iter().map(|name| (kind, name)));
        }
        Ok(Some(named))
    }

    /// The values of a condition: texts, numbers or booleans; one, or a list.
    fn values(&self, place: &str, value: &Value, variables: bool) -> Result<Vec<Wanted>, Usage> {
        let mut wanted = Vec::new();
        for value in list(value) {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(self.wrong(place, "a value is a text, a number, true or false, or a list of them"));
                }
            };
            wanted.push(if variables {
                Wanted::with_variables(&text).map_err(|why| self.wrong(place, why))?
            } else {
                Wanted::plain(&text)
            });
        }
        Ok(wanted)
    }

    fn texts(&self, place: &str, value: &Value) -> Result<Vec<String>, Usage> {
        list(value).iter().map(|value| self.text(place, value)).collect()
    }

    fn text(&self, place: &str, value: &Value) -> Result<String, Usage> {
        value.as_str().map(str::to_owned).ok_or_else(|| self.wrong(place, "it is a text, or a list of texts"))
    }

    fn object<'v>(&self, place: &str, value: &'v Value, what: &str) -> Result<&'v Map<String, Value>, Usage> {
        value.as_object().ok_or_else(|| self.wrong(place, format!("{what} is a JSON object")))
    }

    fn only(&self, place: &str, object: &Map<String, Value>, known: &[&str]) -> Result<(), Usage> {
        let Some(name) = object.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        let dot = if place.is_empty() { "" } else { "." };
        let wrong = self.wrong(&format!("{place}{dot}{name}"), "IAM has no element of this name here");
        Err(match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => wrong.hint(format!("it is written {known}")),
            None => wrong.hint(format!("allowed here: {}", known.join(", "))),
        })
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

#[cfg(test)]
mod tests;
