//! POSIX shell text: bash, dash, zsh, mksh and busybox evaluate it alike.

use super::Name;

/// `value` in single quotes, where only a single quote needs care
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

/// `value` as one word of a command that somebody will paste: in quotes where it needs them.
#[must_use]
pub fn word(value: &str) -> String {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._@+,-=".contains(&byte));
    // zsh takes `=name` for the program of that name.
    if plain && !value.is_empty() && !value.starts_with('=') { value.to_owned() } else { quote(value) }
}

/// The line that removes variables; empty for none.
#[must_use]
pub fn unset(names: &[Name]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    format!("unset {};\n", names.join(" "))
}

/// A command that ends the caller with status `code`: a sourced file, a function or a script, with or without
/// `-e`; and that leaves an interactive shell alive.
///
/// The first pattern is for an interactive dash, mksh or busybox sh, where `return` at the prompt would end the shell.
#[must_use]
pub fn stop(code: u8) -> String {
    format!(
        "case ${{BASH_VERSION-}}${{ZSH_VERSION-}}:$- in :*i*) (exit {code});; *) return {code} 2>/dev/null || case $- in *i*) (exit {code});; *) exit {code};; esac;; esac"
    )
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
