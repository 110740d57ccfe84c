//! Values that a line of an INI file can express.

use super::Error;
use crate::secret::Secret;

/// A value that every INI parser reads back unchanged.
///
/// A line break in a value would start another section or setting. Code that writes INI files uses this type, because
/// its only constructor checks the value.
///
/// ```
/// use oidc_exchange::emit::ini::Value;
///
/// let line = |text: &str| Value::new("region", text).map(|value| value.line("region"));
/// assert_eq!(line("eu-west-1").unwrap(), "region = eu-west-1");
/// assert!(line("eu-west-1\n[default]").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Value(Secret);

impl Value {
    /// Checks `text` as the value of `key`.
    ///
    /// # Errors
    /// If a parser would not read it back unchanged: control characters and line separators, white space and
    /// quotation marks at the ends, comment characters, an empty value. The error does not contain the value.
    pub fn new(key: &str, text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        match refused(&text) {
            None => Ok(Self(Secret::new(text))),
            Some(why) => Err(Error::Ini { key: key.to_owned(), why, hint: None }),
        }
    }

    /// The line that sets `key` to this value, without a line break.
    #[must_use]
    pub fn line(&self, key: &str) -> String {
        format!("{key} = {}", self.0.reveal())
    }

    /// The text, for a digest of it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.reveal()
    }

    /// Whether it equals this text.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0.reveal() == text
    }
}

/// Why Python's configparser, or the parser of an AWS SDK, would not read `text` back unchanged.
fn refused(text: &str) -> Option<&'static str> {
    // Python's `splitlines` and Java's `Scanner` also end a line at the last two.
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Some("has a control character or a line break in it");
    }
    if text.is_empty() {
        return Some("is an empty text");
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Some("begins or ends with white space");
    }
    if text.starts_with(['"', '\'']) {
        return Some("begins with a quotation mark");
    }
    let comment = |(at, _): (usize, &str)| text[..at].chars().next_back().is_none_or(char::is_whitespace);
    text.match_indices(['#', ';']).any(comment).then_some("has ` #` or ` ;` in it, which begins a comment")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_that_a_reader_would_change_is_refused_and_not_shown() {
        for bad in [
            "",
            " ",
            "a\nb",
            "a\rb",
            "a\tb",
            "a\0",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{2029}b",
            " a",
            "a ",
            "\u{a0}a",
            "#a",
            ";a",
            "a #b",
            "a\u{2003};b",
            "\"a\"",
            "'a",
        ] {
            let error = Value::new("key", bad).map(|_| ()).unwrap_err();
            assert!(error.to_string().starts_with("the value for key "), "{bad:?}: {error}");
        }
        let error = Value::new("key", "hunter2\n").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn what_credentials_and_command_lines_look_like_is_taken() {
        for good in ["ASIAIOSFODNN7EXAMPLE", "a/b+c=", "a#b;c", "env X='a b' aws --format \"process\"", "[x]", "ä: =%"]
        {
            assert_eq!(Value::new("key", good).unwrap().line("key"), format!("key = {good}"));
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line(text in any::<String>()) {
            if let Ok(value) = Value::new("key", text) {
                prop_assert_eq!(value.line("key").lines().count(), 1);
            }
        }
    }
}
