//! Commands that stop a caller, or set its status.
//!
//! They also work if the quotes around `$(…)` are missing. Then the shell splits the text at the characters of `IFS`,
//! and expands each part as a file name pattern. It passes the parts to `eval`, joined by spaces. So:
//!
//! * **Nothing is expanded.** The text has no `*`, `?`, `[`, `{`, `~` or backslash, and no `(`, which starts a pattern
//!   after `+`, `@` and `!`. So no file in the working directory can replace a word, and `failglob` and `nullglob`
//!   find no pattern. This excludes `case` with a default, `$?`, `$(…)` and `[`.
//! * **It can be parsed after any one character has become a space.** zsh and ksh93 parse all of an `eval` before they
//!   run any of it. So there are only lists of simple commands, and no pairs of different characters such as `(` and
//!   `)`.
//! * **Decisions are words.** An interactive shell has an `i` in `$-`. With `IFS=i`, a `$-` with an `i` is two fields,
//!   and all later arguments of `set` move up by one. The argument at a fixed position is then the command to run:
//!   `exit` or `false`. If a character has become a space, the arguments move up again, and `false` is at that
//!   position.
//! * **There are several ways to stop**, and no letter occurs in all of them.
//!
//! An interactive shell is not ended, with one exception: `IFS` contains a character of the text, and the quotes are
//! missing.

/// Two words that become more words if a character of the variable, of `IFS` or of this syntax has become a space.
/// Then the flags, as one field or two.
macro_rules! fields {
    () => {
        "_oidc_exchange=-I-FS- _oidc_exchange=-I-FS- $_oidc_exchange"
    };
}

/// `$-` of the caller's own shell: in a command substitution, mksh and posh have no `i` in it.
pub(super) const FLAGS: &str = r#"eval "_oidc_exchange=_$-_";"#;

/// Prints `return` if the caller is not interactive, or is a function or a sourced file of bash; otherwise `true`. In
/// other interactive shells, `return` ends the shell. At the top of a script, bash's `return` fails with a message.
/// Only bash has `GROUPS`, and `BASH_LINENO`, which is 0 there.
const RETURN: &str = concat!(
    "set +o nounset&&IFS=i&&set $GROUPS let false&&$2 BASH_LINENO&&",
    "set return return return return return return return return||set $GROUPS ",
    fields!(),
    " true true true true return&&echo $8&&false"
);

/// Prints `exit` if the shell is not interactive; otherwise `false`.
const EXIT: &str =
    concat!(r#""`IFS=i&&set "#, fields!(), r#" false false false false false exit&&IFS=&&echo $9&&false`""#);

/// Succeeds if the shell is interactive, and the text is unchanged.
const ALIVE: &str = concat!(r#""`IFS=i&&set "#, fields!(), r#" false false false false true false&&echo $9`""#);

/// Prints `exec` if the shell is not interactive; otherwise `true`. It is for an `IFS` that contains `|`.
const EXEC: &str = concat!(r#""`IFS=i&&set "#, fields!(), r#" false false false false true exec&&echo $9`""#);

/// The text after `CONDITION ||`, if there is nothing to return from.
///
/// The last three commands are for a text that `IFS` has changed. `.` without a file ends every non-interactive shell
/// except bash and zsh. An interactive shell ignores `kill`.
fn or_exit(code: u8) -> String {
    format!(r#"{EXIT} {code} || {ALIVE} || . /: || kill "$$" || exec /"#)
}

/// Commands that do the same as [`stop`] if `$_oidc_intact` is not `true`, and set no status. [`FLAGS`] must precede
/// them.
pub(super) fn stop_unless_intact(code: u8) -> String {
    let word = format!(r#""`IFS=&&$_oidc_intact&&echo true&&exit;{RETURN}`""#);
    format!(r#"! true; {word} {code}; "$_oidc_intact" || {};"#, or_exit(code))
}

/// A command that stops the caller with status `code`: a sourced file, a function or a script, with or without `-e`.
/// An interactive shell is not ended and gets the status.
///
/// The `return` is not in a list with `||`, after which ksh93 would ignore `-e`. A failing command precedes it, for a
/// `return` whose number has become a space.
#[must_use]
pub fn stop(code: u8) -> String {
    format!(
        "{FLAGS} ! true; \"`{RETURN}`\" {code}; false || {}; {EXEC} /; unset _oidc_exchange; {}",
        or_exit(code),
        status(code)
    )
}

/// A command that returns the status `code`.
#[must_use]
pub fn status(code: u8) -> String {
    // `false` is for an `exit` whose number has become a space.
    format!("`false||exit {code}`")
}
