//! The variables as fish text, for `eval (oidc-exchange … --format fish | string collect)`.

use std::fmt::Write;

use super::Exports;
use crate::error::Exit;
use crate::shell::Name;
use crate::shell::fish::{quote, stop, unset};

/// Exports the variables, after unsetting those that would override them. Then reads each variable back: fish
/// continues if a variable is read-only, or hidden by a local one of the same name, or changed by a function with
/// `--on-variable`. In that case the caller is stopped, and no variable is set.
pub(super) fn lines(exports: &Exports) -> String {
    let mut out = String::new();
    if exports.variables().any(|(_, value)| value.contains('\n')) {
        out.push_str(&lines_kept());
    }
    out.push_str(&unset(exports.removed()));
    for name in exports.removed() {
        let _ = writeln!(out, "set -q {name}; and set -l _oidc_other {name};");
    }
    let names: Vec<Name> = exports.variables().map(|(name, _)| name.clone()).collect();
    for (name, value) in exports.variables() {
        let _ = writeln!(
            out,
            "set -l _oidc_value {}; set -gx {name} $_oidc_value; test \"${name}\" = \"$_oidc_value\"; or set -l _oidc_other {name};",
            quote(value)
        );
    }
    if !names.is_empty() {
        let _ = writeln!(
            out,
            "if set -q _oidc_other; echo \"oidc-exchange: this shell does not keep the value of $_oidc_other\" >&2; {}{} end;",
            unset(&names).replace('\n', " "),
            stop(Exit::Output.code())
        );
    }
    // Unsetting a missing variable has left a status, which setting a variable does not change.
    out.push_str("true;\n");
    out
}

/// A first line that stops a caller without `| string collect`: the line break has become a space.
fn lines_kept() -> String {
    format!(
        "if not string match -qr '\\n' 'x\ny'; echo 'oidc-exchange: write: eval (oidc-exchange ... --format fish | string collect)' >&2; {} end;\n",
        stop(Exit::Usage.code())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn a_value_that_fish_does_not_keep_stops_the_caller() {
        for (name, before) in [
            ("status", ""),
            ("version", ""),
            ("PWD", ""),
            ("umask", ""),
            ("A", "set -l A local"),
            ("Z", "set -l Z local"),
        ] {
            let mut exports = Exports::new(Vec::new());
            for name in ["B", name, "C"] {
                exports.set(Name::new(name).unwrap(), "a'b c".into()).unwrap();
            }
            let eval = format!("eval (printf %s {} | string collect)", quote(&lines(&exports)));
            let Some(ended) = fish(&format!("{before}\n{eval}\necho on")) else { return };
            assert_eq!(ended, (Some(6), String::new()), "{name}");
            let left = fish(&format!("function f; {before}\n{eval}\nend; f; echo $B$C")).unwrap();
            assert_eq!(left, (Some(0), "\n".into()), "{name}");
        }
    }

    #[test]
    fn a_variable_that_is_set_again_stops_the_caller() {
        let mut exports = Exports::new(vec![Name::fixed("OLD")]);
        exports.set(Name::fixed("A"), "new".into()).unwrap();
        let eval = format!("eval (printf %s {} | string collect)", quote(&lines(&exports)));
        for name in ["OLD", "A"] {
            let again = format!(
                "function again --on-variable {name}; set -q {name}; and test ${name} = other; or set -g {name} other; end"
            );
            let Some(ended) = fish(&format!("{again}; set -gx OLD other; {eval}; echo on")) else { return };
            assert_eq!(ended, (Some(6), String::new()), "{name}");
        }
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
