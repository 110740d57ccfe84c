//! The commands that end a caller, or leave it a status.
//!
//! They hold where the caller has left out the quotes around `$(…)`. The shell then splits the text at the characters of
//! `IFS`, expands each part as the pattern of a file's name, and gives `eval` the parts with blanks between them. So:
//!
//! * **Nothing in it is expanded.** There is no `*`, `?`, `[`, `{`, `~` or backslash, and no `(`, which begins a pattern
//!   after `+`, `@` and `!`. A file in the working directory can then not stand in for a word, and `failglob` and
//!   `nullglob` find no pattern. That leaves no `case` with a default, no `$?`, no `$(…)` and no `[`.
//! * **It can be parsed after any one character has become a blank.** zsh and ksh93 parse all of an `eval` before they
//!   run any of it. So there are only lists of simple commands, and no pair of different characters such as `(` and `)`.
//! * **Decisions are words.** Whether the shell is interactive is in `$-`, as an `i`: with `IFS=i` a `$-` with an `i` is
//!   two fields, and all later arguments of `set` move up by one. The argument at a fixed place is then the command to
//!   run: `exit` or `false`. If a character has become a blank, the arguments move up by more, and the place holds
//!   `false`.
//! * **There are several ways to stop**, without a letter that all of them share.
//!
//! An interactive shell stays alive. There is one exception: `IFS` holds a character of the text, and the quotes are
//! missing.

/// Two words that move up by more than one if a character of the variable, of `IFS` or of this syntax became a blank;
/// then the flags, as one field or two.
macro_rules! fields {
    () => {
        "_oidc_exchange=-I-FS- _oidc_exchange=-I-FS- $_oidc_exchange"
    };
}

/// `$-` of the caller's own shell: in a command substitution mksh and posh have no `i` in it.
pub(super) const FLAGS: &str = r#"eval "_oidc_exchange=_$-_";"#;

/// Prints `return` if the caller is not interactive, or is a function or a sourced file of bash, and otherwise `true`:
/// elsewhere `return` ends an interactive shell. At the top of a script bash has no `return`, and would say so. Only bash
/// has `GROUPS`, and `BASH_LINENO`, which is 0 there.
const RETURN: &str = concat!(
    "set +o nounset&&IFS=i&&set $GROUPS let false&&$2 BASH_LINENO&&",
    "set return return return return return return return return||set $GROUPS ",
    fields!(),
    " true true true true return&&echo $8&&false"
);

/// `exit`, if the shell is not interactive, and otherwise `false`.
const EXIT: &str =
    concat!(r#""`IFS=i&&set "#, fields!(), r#" false false false false false exit&&IFS=&&echo $9&&false`""#);

/// Succeeds if the shell is interactive, and the text is as it was written.
const ALIVE: &str = concat!(r#""`IFS=i&&set "#, fields!(), r#" false false false false true false&&echo $9`""#);

/// `exec`, if the shell is not interactive, and otherwise `true`: for an `IFS` that holds `|`.
const EXEC: &str = concat!(r#""`IFS=i&&set "#, fields!(), r#" false false false false true exec&&echo $9`""#);

/// What follows `CONDITION ||` where there was nothing to return from.
///
/// The last three are for a text that `IFS` has changed. `.` without a file ends every shell that is not interactive but
/// bash and zsh; an interactive shell ignores `kill`.
fn or_exit(code: u8) -> String {
    format!(r#"{EXIT} {code} || {ALIVE} || . /: || kill "$$" || exec /"#)
}

/// Commands that do the same as [`stop`] if `$_oidc_intact` is not `true`, and leave no status. [`FLAGS`] come before
/// them.
pub(super) fn stop_unless_intact(code: u8) -> String {
    let word = format!(r#""`IFS=&&$_oidc_intact&&echo true&&exit;{RETURN}`""#);
    format!(r#"! true; {word} {code}; "$_oidc_intact" || {};"#, or_exit(code))
}

/// A command that ends the caller with status `code`: a sourced file, a function or a script, with or without
/// `-e`; and that leaves an interactive shell alive, with the status.
///
/// The `return` is in no list with `||`: ksh93 would ignore `-e` after it. A command that fails comes before it, for a
/// `return` whose number has become a blank.
#[must_use]
pub fn stop(code: u8) -> String {
    format!(
        "{FLAGS} ! true; \"`{RETURN}`\" {code}; false || {}; {EXEC} /; unset _oidc_exchange; {}",
        or_exit(code),
        status(code)
    )
}

/// A command that does nothing but leave `code` as the status.
#[must_use]
pub fn status(code: u8) -> String {
    // `false` is for an `exit` whose number has become a blank.
    format!("`false||exit {code}`")
}
