//! The Common Expression Language (CEL), in which attribute mappings and conditions are written. A part of it is
//! supported.
//!
//! The language: <https://github.com/google/cel-spec/blob/master/doc/langdef.md>. Google's additional functions:
//! <https://docs.cloud.google.com/iam/docs/conditions-attribute-reference#extract>.
//!
//! | supported | |
//! |---|---|
//! | literals | strings with every escape, raw and triple-quoted ones; `int`, `double`, `bool`, `null`; lists |
//! | operators | `? :` `\|\|` `&&` `==` `!=` `<` `<=` `>` `>=` `in` `+` `-` `*` `/` `%` `!`, members and indices |
//! | functions | `size`, `string`, `int`, `startsWith`, `endsWith`, `contains`, `matches`, `extract`, `split`,
//! `join`, `lowerAscii`, `type` |
//! | macros | `has`; `exists` and `all` on lists |
//!
//! Everything else is [`Kind::Unsupported`] if its value matters, and is never guessed: unsigned numbers, bytes,
//! maps, messages, times, other functions, rare parts of patterns. Google does not document whether an integer in a
//! token becomes an `int` or, as CEL reads JSON, a `double`. An operation with the same result for both is evaluated
//! (comparisons, `int()`). Other operations (sums, `string()`) are unsupported.

mod ast;
mod evaluate;
mod functions;
mod lexer;
mod operators;
mod parser;
mod pattern;
mod scope;
mod value;

use std::fmt;

pub use ast::{Node, Operation, Operator};
pub use scope::Scope;
pub use value::Value;

/// A parsed expression.
///
/// ```
/// use oidc_exchange::google::cel::{Expression, Scope, Value};
/// use serde_json::json;
///
/// let claims = json!({ "ref": "refs/heads/main" });
/// let claims = claims.as_object().cloned().unwrap_or_default();
/// let scope = Scope::default().with("assertion", &claims);
/// let condition = Expression::parse("assertion.ref.startsWith('refs/heads/')")?;
/// assert!(matches!(condition.evaluate(&scope)?, Value::Bool(true)));
/// # Ok::<(), oidc_exchange::google::cel::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    root: Node,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whether the expression is invalid or unsupported.
    pub kind: Kind,
    /// The position in the expression, in bytes.
    pub at: usize,
    /// The reason. It continues a sentence that starts with the position.
    pub why: String,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The expression is invalid: Google gets no value either.
    Invalid,
    /// This evaluator does not support it: Google may get a value.
    Unsupported,
}

impl Error {
    fn invalid(at: usize, why: impl Into<String>) -> Self {
        Self { kind: Kind::Invalid, at, why: why.into() }
    }

    fn unsupported(at: usize, why: impl Into<String>) -> Self {
        Self { kind: Kind::Unsupported, at, why: why.into() }
    }

    /// The message with its position in `text`: `at character 7, "b.c", there is no variable b`.
    #[must_use]
    pub fn placed(&self, text: &str) -> String {
        const SHOWN: usize = 24;
        let (before, rest) = text.split_at_checked(self.at).unwrap_or((text, ""));
        let number = before.chars().count() + 1;
        let shown: String = rest.chars().take(SHOWN).collect();
        let dots = if shown.len() < rest.len() { "…" } else { "" };
        if rest.is_empty() {
            return format!("at its end, {}", self.why);
        }
        format!("at character {number}, `{shown}{dots}`, {}", self.why)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Error {}

impl Expression {
    /// Parses `text`, of any length and depth.
    ///
    /// # Errors
    /// If it is not CEL, or not a supported part of CEL. The kind is [`Kind::Unsupported`] in both cases.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self { text: text.to_owned(), root: parser::parse(text)? })
    }

    /// The expression as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of its syntax tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The text of `node`, a part of the expression, as written.
    #[must_use]
    pub fn source(&self, node: &Node) -> &str {
        self.text.get(node.from..node.to).unwrap_or_default()
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// If it has no value, or an unsupported one.
    pub fn evaluate<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>, Error> {
        self.part(&self.root, scope)
    }

    /// Evaluates `node`, a part of the expression.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn part<'a>(&'a self, node: &'a Node, scope: &Scope<'a>) -> Result<Value<'a>, Error> {
        evaluate::evaluate(node, scope)
    }

    /// The first undeclared name. Google checks for it before it evaluates.
    #[must_use]
    pub fn undeclared(&self, scope: &Scope<'_>) -> Option<Error> {
        // An unsupported macro may declare names.
        if !functions::all_known(&self.root) {
            return None;
        }
        let found = scope.undeclared(&self.root, &mut Vec::new());
        found.map(|(name, at)| Error::invalid(at, format!("there is no variable `{name}`")))
    }
}

/// A text as a string literal of the language.
#[must_use]
pub fn quote(text: &str) -> String {
    let escaped = [("\\", r"\\"), ("\"", "\\\""), ("\n", r"\n"), ("\r", r"\r")];
    format!("\"{}\"", escaped.iter().fold(text.to_owned(), |text, (letter, escape)| text.replace(letter, escape)))
}

#[cfg(test)]
mod tests;
