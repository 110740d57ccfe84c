//! fish text, for `eval (oidc-exchange … --format fish | string collect)`.

use std::fmt::Write;

use super::Name;

/// `value` in single quotes. fish has the escapes `\\` and `\'` in them
/// (<https://fishshell.com/docs/current/language.html#quotes>).
///
/// ```
/// use oidc_exchange::shell::fish::quote;
///
/// assert_eq!(quote(r"it's \n"), r"'it\'s \\n'");
/// ```
#[must_use]
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Lines that unset variables in every scope. `set -e` unsets only the innermost one, and a local variable may hide a
/// global one. It fails, without a message, when none is left. The turns are counted, because a function with
/// `--on-variable` may set the variable again.
#[must_use]
pub fn unset(names: &[Name]) -> String {
    names.iter().fold(String::new(), |mut lines, name| {
        let _ = writeln!(lines, "for _oidc_scope in 1 2 3 4 5 6 7 8 9; set -e {name}; or break; end;");
        lines
    })
}

/// A command that stops the caller with status `code`: a script, a sourced file or a function. At the prompt it only
/// sets the status.
#[must_use]
pub fn stop(code: u8) -> String {
    format!("return {code};")
}

/// A command that returns the status `code`.
#[must_use]
pub fn status(code: u8) -> String {
    format!("function _oidc_exchange; functions -e _oidc_exchange; return {code}; end; _oidc_exchange;")
}

#[cfg(test)]
pub(crate) mod tests {
    use std::process::Command;

    use super::*;

    /// If fish is not installed, the test is skipped; the CI machine requires it.
    pub(crate) fn fish(script: &str) -> Option<(Option<i32>, String)> {
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
    fn a_variable_that_is_set_again_does_not_hold_the_caller() {
        let again = "function again --on-variable A; set -q A; or set -g A again; end; set -g A old\n";
        let unset = unset(&[Name::fixed("A"), Name::fixed("B")]);
        let Some(ended) = fish(&format!("{again}set -g B old; {unset}{}echo on", stop(4))) else { return };
        assert_eq!(ended, (Some(4), String::new()));
        let blocks = "set -g B 1; begin; set -l B 2; begin; set -l B 3; begin; set -l B 4;";
        let all = format!("{blocks} {unset} set -q B; echo $status; end; end; end; set -q B; echo $status");
        assert_eq!(fish(&all).unwrap().1, "1\n1\n");
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
