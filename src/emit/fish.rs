//! The variables as fish text, for `eval (oidc-exchange … --format fish | string collect)`.

use std::fmt::Write;

use super::Exports;
use crate::shell::fish::{quote, stop, unset};

/// The variables, exported; first what would beat them is removed.
pub(super) fn lines(exports: &Exports) -> String {
    let mut out = String::new();
    if exports.variables().any(|(_, value)| value.contains('\n')) {
        out.push_str(&lines_kept());
    }
    out.push_str(&unset(exports.removed()));
    for (name, value) in exports.variables() {
        let _ = writeln!(out, "set -gx {name} {};", quote(value));
    }
    // Removing what is not there has left a status, which setting a variable keeps.
    out.push_str("true;\n");
    out
}

/// A first line that stops a caller who left out `| string collect`: the line break would have become a blank.
fn lines_kept() -> String {
    format!(
        "if not string match -qr '\\n' 'x\ny'; echo 'oidc-exchange: write: eval (oidc-exchange ... --format fish | string collect)' >&2; {} end;\n",
        stop(crate::error::Exit::Usage.code())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Name;
    use crate::shell::fish::tests::fish;

    #[test]
    fn values_come_through_whole() {
        let values = [
            "plain",
            "it's",
            "a\\b\\\\'c'",
            "two  blanks $HOME *",
            "line\nbreak\n",
            "(x) ; {a,b} ~ \"q\" #",
            "ü日",
            "",
        ];
        let mut exports = Exports::new(vec![Name::fixed("OLD")]);
        for (index, value) in values.iter().enumerate() {
            exports.set(Name::new(&format!("V{index}")).unwrap(), (*value).into()).unwrap();
        }
        let script = format!("set -gx OLD x\neval (printf %s {} | string collect)\nenv -0", quote(&lines(&exports)));
        let Some((code, out)) = fish(&script) else { return };
        assert_eq!(code, Some(0));
        let env: Vec<&str> = out.split('\0').collect();
        for (index, value) in values.iter().enumerate() {
            assert!(env.contains(&format!("V{index}={value}").as_str()), "{value:?}: {out}");
        }
        assert!(!env.iter().any(|entry| entry.starts_with("OLD=")));
    }

    #[test]
    fn without_string_collect_a_value_with_a_line_break_stops_the_caller() {
        let mut exports = Exports::new(Vec::new());
        exports.set(Name::fixed("V"), "a\nb".into()).unwrap();
        let script = format!("eval (printf %s {})\necho on", quote(&lines(&exports)));
        let Some(ended) = fish(&script) else { return };
        assert_eq!(ended, (Some(2), String::new()));
    }
}
