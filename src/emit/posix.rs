//! The variables as POSIX shell text: bash, dash, zsh, mksh and busybox evaluate it alike.

use std::fmt::Write;

use super::Exports;
use crate::shell::posix::{quote, stop, unset};

/// The variables, exported; first what would beat them is removed.
pub(super) fn lines(exports: &Exports) -> String {
    let mut out = String::new();
    if exports.variables().any(|(_, value)| value.contains(|c: char| c.is_whitespace() || "*?[".contains(c))) {
        out.push_str(&quotes_kept());
    }
    out.push_str(&unset(exports.removed()));
    for (name, value) in exports.variables() {
        let _ = writeln!(out, "export {name}={};", quote(value));
    }
    out
}

/// A first line that stops a caller who wrote `eval $(…)` without quotes: the two blanks would have become
/// one, and so would those of a value.
pub(super) fn quotes_kept() -> String {
    format!(
        "case 'x  y' in x\\ \\ y) ;; *) echo 'oidc-exchange: write the quotes: eval \"$(oidc-exchange ...)\"' >&2; {};; esac;\n",
        stop(crate::error::Exit::Usage.code())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Name;

    #[test]
    fn the_guard_is_there_only_when_a_value_could_be_mangled() {
        let mut plain = Exports::new(vec![Name::fixed("OLD")]);
        plain.set(Name::fixed("A"), "b+/=".into()).unwrap();
        assert_eq!(lines(&plain), "unset OLD;\nexport A='b+/=';\n");
        plain.set(Name::fixed("B"), "two words".into()).unwrap();
        assert!(lines(&plain).starts_with("case 'x  y' in x\\ \\ y) ;; *) "));
    }
}
