//! fish text, for `eval (oidc-exchange … --format fish | string collect)`.

use std::fmt::Write;

use super::{Handout, Name};

/// `value` in single quotes, within which fish reads `\\` and `\'`
/// (<https://fishshell.com/docs/current/language.html#quotes>).
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Lines that remove variables. Removing one that is not there is no error that anybody sees.
#[must_use]
pub fn unset(names: &[Name]) -> String {
    names.iter().fold(String::new(), |mut lines, name| {
        let _ = writeln!(lines, "set -e {name};");
        lines
    })
}

/// A command that ends the caller with status `code`: a script, a sourced file or a function; at the prompt it leaves
/// the status alone.
#[must_use]
pub(super) fn stop(code: u8) -> String {
    format!("return {code};")
}

/// A command that does nothing but leave `code` as the status.
#[must_use]
pub(super) fn status(code: u8) -> String {
    format!("function _oidc_exchange; functions -e _oidc_exchange; return {code}; end; _oidc_exchange;")
}

/// The variables, exported; first what would beat them is removed.
pub(super) fn exports(handout: &Handout) -> String {
    let mut out = String::new();
    if handout.variables().any(|(_, value)| value.contains('\n')) {
        out.push_str(&lines_kept());
    }
    out.push_str(&unset(handout.removed()));
    for (name, value) in handout.variables() {
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
    use std::process::Command;

    use super::*;

    /// Where fish is not installed, it is for the pipeline's own machine to say so.
    fn fish(script: &str) -> Option<(Option<i32>, String)> {
        let output = match Command::new("fish").args(["--no-config", "-c", script]).output() {
            Ok(output) => output,
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "fish: {error}");
                println!("skipped, since fish is not installed");
                return None;
            }
        };
        Some((output.status.code(), String::from_utf8(output.stdout).unwrap()))
    }

    fn eval(text: &str, rest: &str) -> Option<(Option<i32>, String)> {
        fish(&format!("eval (printf %s {} | string collect)\n{rest}", quote(text)))
    }

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
        let mut handout = Handout::new(vec![Name::fixed("OLD")]);
        for (index, value) in values.iter().enumerate() {
            handout.set(Name::new(&format!("V{index}")).unwrap(), (*value).into()).unwrap();
        }
        let script = format!("set -gx OLD x\neval (printf %s {} | string collect)\nenv -0", quote(&exports(&handout)));
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
        let mut handout = Handout::new(Vec::new());
        handout.set(Name::fixed("V"), "a\nb".into()).unwrap();
        let script = format!("eval (printf %s {})\necho on", quote(&exports(&handout)));
        let Some(ended) = fish(&script) else { return };
        assert_eq!(ended, (Some(2), String::new()));
    }

    #[test]
    fn a_stop_ends_a_script_and_a_status_does_not() {
        let Some(ended) = eval(&stop(4), "echo on") else { return };
        assert_eq!(ended, (Some(4), String::new()));
        assert_eq!(eval(&status(4), "echo $status; functions -q _oidc_exchange; echo $status").unwrap().1, "4\n1\n");
        let function =
            format!("function f; eval (printf %s {} | string collect); echo on; end; f; echo $status", quote(&stop(4)));
        assert_eq!(fish(&function).unwrap().1, "4\n");
    }
}
