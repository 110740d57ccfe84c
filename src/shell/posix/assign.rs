//! Sets variables, or stops the caller.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::stop::{FLAGS, status, stop_unless_intact};
use super::{Name, quote, unset};

/// The characters that no shell expands and that need no quotes. Values may contain them unchanged.
const PLAIN: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz~_/+=:.,@%-";

/// The exit codes for a stopped caller.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// The quotes around `$(…)` are missing, and a value would be changed.
    pub unquoted: u8,
    /// A variable does not keep its value: it is read-only, or the shell changes what is assigned to it.
    pub not_kept: u8,
}

/// Lines that unset `removed` and export `variables`. They stop a caller that would get other values, and then set
/// none:
///
/// * A caller without quotes around `$(…)`, if that changes a value: a value contains more than plain characters, or
///   `IFS` contains a plain one.
/// * A caller in which a variable does not keep its value: it is read-only, the shell manages it (bash's `GROUPS`), or
///   it is declared as a number or in capital letters. bash would set the other variables, and zsh none of them.
///
/// No character of the text is expanded, for any values: a character that is not plain is in a variable that
/// `printf` sets.
#[must_use]
pub fn assign<'v>(removed: &[Name], variables: impl Iterator<Item = (&'v Name, &'v str)>, codes: Codes) -> String {
    let mut literals = Literals::default();
    let (mut names, mut exports) = (Vec::new(), String::new());
    for (name, value) in variables {
        names.push(name);
        let _ = writeln!(exports, "export {name}={};", literals.quote(value));
    }
    if names.is_empty() {
        return unset(removed);
    }
    let only: String = names.iter().flat_map(|name| [" ", name.as_str()]).collect();
    format!(
        "{}{}{}{} || _oidc_intact=false;\n{}\n{exports}\"$_oidc_intact\" || unset{only};\n{}",
        unset(removed),
        guard(!literals.odd, codes.unquoted),
        literals.definitions(),
        are_kept(&names),
        stop_unless_intact(codes.not_kept),
        finish(std::iter::once("_oidc_exchange".to_owned()).chain(literals.names()), codes.not_kept),
    )
}

/// The same for a private file that is sourced: no shell changes its words. If a variable cannot be set, the lines
/// return `code`. Only the lines after `hush` contain secrets.
#[must_use]
pub fn assign_in_file<'v>(
    removed: &[Name],
    variables: impl Iterator<Item = (&'v Name, &'v str)>,
    hush: &str,
    code: u8,
) -> String {
    let (mut names, mut exports) = (Vec::new(), String::new());
    for (name, value) in variables {
        names.push(name);
        let _ = writeln!(exports, "export {name}={};", quote(value));
    }
    format!("{}{} || return {code}\n{hush}{exports}", unset(removed), are_kept(&names))
}

/// Text that sources the file at `path`. It stops the caller if that fails, or if missing quotes change the path. If
/// the path is plain, it is one line: a changed path is that of no file.
///
/// The file restores those of `-x` and `-v` that `_oidc_exchange` contains, and unsets it. `-v` is turned off before
/// the file is read, because ksh93 prints all of it at once.
#[must_use]
pub fn source(path: &str, codes: Codes) -> String {
    let mut literals = Literals::default();
    let path = literals.quote(path);
    let stop = stop_unless_intact(codes.not_kept);
    let finish = finish(literals.names(), codes.not_kept);
    if literals.odd {
        let (guard, definitions) = (guard(false, codes.unquoted), literals.definitions());
        format!("{guard}{definitions}\"$_oidc_intact\" && set +v && . {path} || _oidc_intact=false;\n{stop}\n{finish}")
    } else {
        format!("{FLAGS} set +v; . {path} && _oidc_intact=true || _oidc_intact=false; {stop} {finish}")
    }
}

/// The sample that [`are_kept`] assigns: a shell that changes values changes it. It has small and capital letters, is
/// neither a number nor a file, and has an unusual length.
const SAMPLE: &str = "aB/c-0.D_eF+gH:iJ@k";

/// Assigns a sample to the variables in a subshell, and reads all of them back. It fails if one is read-only or has
/// another value. It contains no secret, because shells print the value of a failed assignment.
fn are_kept(names: &[&Name]) -> String {
    let list = |one: &dyn Fn(&Name) -> String| names.iter().map(|name| one(name)).collect::<String>();
    let (assigned, read) = (list(&|name| format!(" {name}={SAMPLE}")), list(&|name| format!("${name}")));
    let (samples, names) = (SAMPLE.repeat(names.len()), list(&|name| format!(" {name}")));
    format!(
        "`export{assigned}&&test \"{read}\" = {samples}&&exit;\
         echo 'oidc-exchange: this shell does not keep the value of one of these variables:{names}' >&2\"\";false`"
    )
}

/// Lines that stop a caller without quotes, and set `_oidc_intact` for the following lines.
///
/// If a plain character or a quote has become a space, the long word is several words. Then `false` is in the place of
/// `true`. With `plain` values, nothing else can change them. Otherwise the word also contains a backslash. In
/// addition, every caller in which the line break has become a space is stopped: one command is then an argument of the
/// other.
fn guard(plain: bool, code: u8) -> String {
    let (line_break, backslash) = if plain { ("", "") } else { ("set x\n", "\\-") };
    format!(
        "_oidc_intact=`IFS=&&{line_break}set {PLAIN}'-'\"-\"{backslash}{PLAIN} false false true&&echo $4`;\n\
         \"$_oidc_intact\" || echo 'oidc-exchange: write the quotes: eval \"$(oidc-exchange ...)\"' >&2\"\";\n\
         {FLAGS}\n{}\n",
        stop_unless_intact(code)
    )
}

/// The last line. An interactive shell gets the status in place of being stopped.
fn finish(names: impl Iterator<Item = String>, code: u8) -> String {
    let names: String = names.flat_map(|name| [" ".to_owned(), name]).collect();
    format!("\"$_oidc_intact\" && unset _oidc_intact{names} || {};\n", status(code))
}

/// Quoted values, and the characters that the text must not contain.
#[derive(Default)]
struct Literals {
    special: BTreeSet<char>,
    /// Whether a value contains more than plain characters.
    odd: bool,
}

impl Literals {
    /// `value` as one word. A space that follows a space has its own quotes, for a caller without quotes whose `IFS`
    /// contains a space and no line break. No two single quotes are adjacent within it: for zsh with `rc_quotes`, they
    /// are a quote of the value.
    fn quote(&mut self, value: &str) -> String {
        let mut out = String::from("'");
        let mut before = None;
        let mut rest = value;
        while let Some(c) = rest.chars().next() {
            // Most characters are letters and digits, and a token has a thousand of them.
            let letters = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
            if letters > 0 {
                out.push_str(&rest[..letters]);
                rest = &rest[letters..];
                before = None;
                continue;
            }
            rest = &rest[c.len_utf8()..];
            let plain = PLAIN.contains(c);
            self.odd |= !plain;
            if plain || c == '\n' || !c.is_ascii() {
                out.push(c);
            } else if c == ' ' {
                out.push_str(if before == Some(' ') { "'\"\"' " } else { " " });
            } else {
                self.special.insert(c);
                let _ = write!(out, "'\"${}\"'", variable(c));
            }
            before = Some(c);
        }
        out.push('\'');
        out
    }

    /// Commands that set a variable to each special character. They are conditions of the following commands.
    fn definitions(&self) -> String {
        self.special.iter().fold(String::new(), |mut lines, c| {
            let _ = writeln!(lines, "{}=`printf '\\{:03o}'` &&", variable(*c), u32::from(*c));
            lines
        })
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.special.iter().map(|c| variable(*c))
    }
}

fn variable(c: char) -> String {
    format!("_oidc{:03o}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::super::stop;
    use super::*;

    const CODES: Codes = Codes { unquoted: 2, not_kept: 6 };

    fn text(value: &str) -> String {
        assign(&[Name::fixed("OLD")], [(&Name::fixed("A"), value)].into_iter(), CODES)
    }

    #[test]
    fn a_plain_value_is_there_as_it_is() {
        let text = text("b+/=");
        assert!(text.starts_with("unset OLD;\n") && text.contains("\nexport A='b+/=';\n"), "{text}");
        assert!(!text.contains("printf"), "{text}");
    }

    #[test]
    fn a_special_character_is_not() {
        let text = text("a  *b\\");
        assert!(text.contains("\n_oidc052=`printf '\\052'` &&\n_oidc134=`printf '\\134'` &&\n"), "{text}");
        assert!(text.contains("\nexport A='a '\"\"' '\"$_oidc052\"'b'\"$_oidc134\"'';\n"), "{text}");
        assert!(text.contains("unset _oidc_intact _oidc_exchange _oidc052 _oidc134 "), "{text}");
    }

    #[test]
    fn nothing_to_set_is_nothing_to_stop_for() {
        assert_eq!(assign(&[Name::fixed("OLD")], std::iter::empty(), CODES), "unset OLD;\n");
        assert_eq!(assign(&[], std::iter::empty(), CODES), "");
    }

    /// A shell expands only wildcard characters in the output of a command, for any value.
    #[test]
    fn no_character_is_expanded() {
        let all: String = ('\u{1}'..='\u{7f}').chain("é日\u{a0}".chars()).collect();
        for text in [text(&all), text("plain"), source("/tmp/a *?[b]{c,d}", CODES), source("/tmp", CODES), stop(4)] {
            assert!(!text.contains(['*', '?', '[', ']', '{', '}', '^']), "{text}");
            let opened = text.match_indices('(').filter(|(at, _)| !text[..*at].ends_with('$')).count();
            assert_eq!(opened, 0, "{text}");
        }
    }
}
