//! Text for POSIX shells: bash, dash, zsh, mksh, busybox sh, ksh93, yash and posh evaluate it alike.

mod assign;
mod stop;

use super::Name;
pub use assign::{Codes, assign, assign_in_file, source};
pub use stop::{status, stop};

/// `value` in single quotes. Only single quotes must be escaped
/// (POSIX.1-2024, Shell Command Language, section 2.2.2).
///
/// ```
/// use oidc_exchange::shell::posix::quote;
///
/// assert_eq!(quote("a $b"), "'a $b'");
/// assert_eq!(quote("it's"), r"'it'\''s'");
/// ```
#[must_use]
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// `value` as one word of a command that users paste; quoted if necessary.
#[must_use]
pub fn word(value: &str) -> String {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._@+,-=".contains(&byte));
    // zsh replaces `=name` with the path of that program.
    if plain && !value.is_empty() && !value.starts_with('=') { value.to_owned() } else { quote(value) }
}

/// The line that unsets variables; empty if there are none.
#[must_use]
pub fn unset(names: &[Name]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    format!("unset {};\n", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_closed_escaped_and_opened_again() {
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("$(rm) `x` \\ \n"), "'$(rm) `x` \\ \n'");
        assert_eq!(word("arn:aws:iam::1:role/a+b,c.d@e_f-g"), "arn:aws:iam::1:role/a+b,c.d@e_f-g");
        assert_eq!((word("a b").as_str(), word("").as_str(), word("~").as_str()), ("'a b'", "''", "'~'"));
    }
}
