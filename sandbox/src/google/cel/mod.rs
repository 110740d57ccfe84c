//! Attribute mappings and conditions: CEL, with the functions that Google adds.
//!
//! <https://docs.cloud.google.com/iam/docs/workload-identity-federation#mapping>
//!
//! The tests of the program use the crate `cel`, because they need an implementation of their own. The sandbox alone uses
//! the program's evaluator, and does not compile that crate and its parser.

#[cfg(feature = "cel")]
mod library;
#[cfg(not(feature = "cel"))]
mod program;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

#[cfg(feature = "cel")]
use library::Expression;
#[cfg(feature = "cel")]
pub use library::evaluate;
#[cfg(not(feature = "cel"))]
use program::Expression;

/// The variables of an expression: each is an object.
type Variables<'a> = [(&'a str, &'a Map<String, Json>)];

/// The value of an expression, as far as a mapping or a condition needs it.
enum Found {
    Truth(bool),
    Text(String),
    /// A list, without its elements that are no texts.
    Texts(Vec<String>),
    Other,
}

/// There is no value.
struct Failure {
    why: String,
    /// Whether this engine does not support the expression: Google may get a value.
    unsupported: bool,
}

/// A provider's rules, compiled.
pub(super) struct Rules {
    mapping: Vec<(String, Expression)>,
    condition: Option<Expression>,
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
        let compile = |text: &str| Expression::compile(text).map_err(|error| format!("`{text}` is not CEL: {error}"));
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
        let mut mapped = Mapped::default();
        for (key, expression) in &self.mapping {
            let found = expression.evaluate(&[("assertion", claims)]);
            let found = found.map_err(|failure| format!("{key}: {}", failure.why))?;
            match (key.as_str(), found) {
                ("google.groups", Found::Texts(texts)) => mapped.groups = texts,
                ("google.subject", Found::Text(text)) => mapped.subject = text,
                (key, Found::Text(text)) => {
                    mapped.attributes.insert(key.trim_start_matches("attribute.").to_owned(), text);
                }
                (key, Found::Truth(_) | Found::Texts(_) | Found::Other) => {
                    return Err(format!("{key} is not a string"));
                }
            }
        }
        Ok(mapped)
    }

    /// Whether the condition holds. A condition with an error does not.
    ///
    /// # Errors
    /// If only Google can evaluate the condition.
    pub(super) fn admits(&self, claims: &Map<String, Json>, mapped: &Mapped) -> Result<bool, String> {
        let Some(condition) = &self.condition else { return Ok(true) };
        let google = [("subject".to_owned(), json!(mapped.subject)), ("groups".to_owned(), json!(mapped.groups))];
        let google = google.into_iter().collect();
        let attributes = mapped.attributes.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        match condition.evaluate(&[("assertion", claims), ("google", &google), ("attribute", &attributes)]) {
            Ok(found) => Ok(matches!(found, Found::Truth(true))),
            Err(failure) if failure.unsupported => Err(failure.why),
            Err(_) => Ok(false),
        }
    }
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
            rules.admits(&claims(), &rules.map(&claims()).unwrap()).unwrap()
        };
        assert!(admits("assertion.ref == 'refs/heads/main' && assertion.pr == ''"));
        assert!(admits("attribute.ref.startsWith('refs/heads/')"));
        assert!(admits("google.subject.contains('acme')"));
        assert!(admits("assertion.exp > 1786399999 && assertion.exp < 1786400001"));
        assert!(!admits("assertion.ref == 'refs/heads/Main'"));
        assert!(!admits("assertion.repo == 'web'"), "a claim that is not there");
        assert!(!admits("'text'"), "not a truth value");
    }

    #[test]
    fn groups_are_the_texts_of_a_list() {
        let mapping = [("google.subject", "'a'"), ("google.groups", "assertion.ref.split('/')")];
        let mapped = Rules::compile(&mapping, None).unwrap().map(&claims()).unwrap();
        assert_eq!(mapped.groups, ["refs", "heads", "main"]);
        let mapping = [("google.subject", "assertion.ref.split('/')")];
        assert!(Rules::compile(&mapping, None).unwrap().map(&claims()).is_err(), "not a string");
    }

    /// The program's evaluator supports a part of the language.
    #[cfg(not(feature = "cel"))]
    #[test]
    fn an_unsupported_expression_is_an_error_and_never_a_yes() {
        let unsupported = "string(assertion.exp)";
        assert!(subject(unsupported).unwrap_err().starts_with("google.subject: at character 1, "), "a mapping");
        let mapping = [("google.subject", "assertion.sub")];
        let rules = Rules::compile(&mapping, Some(&format!("{unsupported} == '1786400000'"))).unwrap();
        assert!(rules.admits(&claims(), &rules.map(&claims()).unwrap()).is_err(), "a condition");
        assert!(Rules::compile(&mapping, Some("{'a': true}['a']")).is_err(), "a map");
    }
}
