//! Messages in a text that a shell evaluates: `eval "$(oidc-exchange … 2>&1)"`.

use std::sync::OnceLock;

use crate::stdio;

/// Set for such a run.
static EVALUATED: OnceLock<()> = OnceLock::new();

/// If a shell evaluates standard output, and standard error is the same pipe, all messages become commands without an
/// effect. Otherwise the shell would run words of a message, which a server may have chosen. In many shells, a message
/// is also a syntax error. Then the text that stops the caller would not run.
///
/// `for_shell` returns whether standard output is for a shell.
pub fn expect_evaluation(for_shell: impl FnOnce() -> bool) {
    if stdio::are_one() && for_shell() {
        EVALUATED.get_or_init(|| ());
    }
}

/// Whether a shell evaluates the messages of this run.
#[must_use]
pub fn is_evaluated() -> bool {
    EVALUATED.get().is_some()
}

/// `text` as it is, or as commands without an effect.
pub(super) fn if_it_is(text: String) -> String {
    if is_evaluated() { without_effect(&text) } else { text }
}

/// One command per line. It is read as such also if `$(…)` is not quoted: the text then passes through the splitting of
/// words, patterns of file names and braces first. So no character of those, no quote and no byte that is not ASCII is left.
fn without_effect(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.flat_map(|line| ": '".chars().chain(line.chars().map(plain)).chain("';\n".chars())).collect()
}

fn plain(letter: char) -> char {
    match letter {
        '\'' | '`' => '"',
        '(' | '[' | '{' => '<',
        ')' | ']' | '}' => '>',
        '\\' | '|' => '/',
        '*' | '?' | '~' | '!' | '#' | '^' | '$' | '&' => '_',
        ' '..='\x7e' => letter,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_commands() {
        assert_eq!(
            without_effect("error: it's \"no\"\n  said       $(x) `y` *\n\nhint: ä {a,b}\n"),
            ": 'error: it\"s \"no\"';\n: '  said       _<x> \"y\" _';\n: 'hint: _ <a,b>';\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_message_is(text: String) {
            for line in without_effect(&text).lines() {
                let inner = line.strip_prefix(": '").and_then(|line| line.strip_suffix("';")).unwrap();
                proptest::prop_assert!(inner.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
                let special = r"'\$`*?[]{}()";
                proptest::prop_assert!(!inner.contains(|letter| special.contains(letter)), "{}", inner);
            }
        }
    }
}
