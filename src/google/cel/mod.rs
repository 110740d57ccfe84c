//! The Common Expression Language, as far as it is read here: what attribute mappings and conditions are written in.
//!
//! The language: <https://github.com/google/cel-spec/blob/master/doc/langdef.md>. Google's functions beside it:
//! <https://docs.cloud.google.com/iam/docs/conditions-attribute-reference#extract>.
//!
//! | read | |
//! |---|---|
//! | literals | texts with every escape, raw and triple-quoted ones; `int`, `double`, `bool`, `null`; lists |
//! | operators | `? :` `\|\|` `&&` `==` `!=` `<` `<=` `>` `>=` `in` `+` `-` `*` `/` `%` `!`, members and indices |
//! | functions | `size`, `string`, `int`, `startsWith`, `endsWith`, `contains`, `matches`, `extract`, `split`, `join`, `lowerAscii`, `type` |
//! | macros | `has`; `exists` and `all` on lists |
//!
//! Everything else (unsigned numbers, bytes, maps, messages, times, other functions, a pattern's rarer parts) is
//! [`Kind::Unsupported`] where its value would matter, and never guessed. Google does not say whether it takes a token's
//! whole number for an `int` or, as CEL reads JSON, for a `double`: what comes out the same either way is evaluated
//! (comparisons, `int()`), what does not (sums, `string()`) is unsupported.

mod ast;
mod evaluate;
mod functions;
mod lexer;
mod parser;
mod pattern;
mod value;

use std::fmt;

pub use ast::{Node, Operation, Operator};
pub use evaluate::Scope;
pub use value::Value;

/// An expression that could be read.
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

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whose fault it is.
    pub kind: Kind,
    /// Where in the expression, in bytes.
    pub at: usize,
    /// What it is, in words that follow a place.
    pub why: String,
}

/// Whose fault an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The expression's: Google gets no value either.
    Invalid,
    /// This reader's: Google may get one.
    Unsupported,
}

impl Error {
    fn invalid(at: usize, why: impl Into<String>) -> Self {
        Self { kind: Kind::Invalid, at, why: why.into() }
    }

    fn unsupported(at: usize, why: impl Into<String>) -> Self {
        Self { kind: Kind::Unsupported, at, why: why.into() }
    }

    /// With its place in `text`, as a person finds it: `at character 7, "b.c", there is no variable b`.
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
    /// Reads `text`, however long and however deep it is.
    ///
    /// # Errors
    /// When it is not CEL, or not a part of CEL that is read here: [`Kind::Unsupported`] both.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self { text: text.to_owned(), root: parser::parse(text)? })
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of its syntax tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The text of `node`, a part of the expression, as it was written.
    #[must_use]
    pub fn source(&self, node: &Node) -> &str {
        self.text.get(node.from..node.to).unwrap_or_default()
    }

    /// The expression's value.
    ///
    /// # Errors
    /// When it has none, or none that is known here.
    pub fn evaluate<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>, Error> {
        self.part(&self.root, scope)
    }

    /// The value of `node`, a part of the expression.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn part<'a>(&'a self, node: &'a Node, scope: &Scope<'a>) -> Result<Value<'a>, Error> {
        evaluate::evaluate(node, scope)
    }

    /// The first name that stands for nothing, which Google looks for before it evaluates.
    #[must_use]
    pub fn undeclared(&self, scope: &Scope<'_>) -> Option<Error> {
        // A macro that is not known here may bind names.
        if !functions::all_known(&self.root) {
            return None;
        }
        let found = scope.undeclared(&self.root, &mut Vec::new());
        found.map(|(name, at)| Error::invalid(at, format!("there is no variable `{name}`")))
    }
}

/// A text as a literal of the language.
#[must_use]
pub fn quote(text: &str) -> String {
    let escaped = [("\\", r"\\"), ("\"", "\\\""), ("\n", r"\n"), ("\r", r"\r")];
    format!("\"{}\"", escaped.iter().fold(text.to_owned(), |text, (letter, escape)| text.replace(letter, escape)))
}

#[cfg(test)]
mod tests;
