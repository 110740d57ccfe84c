//! Variables that are set, or the caller is stopped.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::stop::{FLAGS, status, stop_unless_intact};
use super::{Name, quote, unset};

/// The characters that no shell expands, that need no quotes, and that a value may hold as they are.
const PLAIN: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz~_/+=:.,@%-";

/// The exit codes of a text that stops its caller.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// The caller has left out the quotes around `$(…)`, and a value would be changed by it.
    pub unquoted: u8,
    /// A variable does not keep its value: it is read-only, or the shell changes what is assigned to it.
    pub not_kept: u8,
}

/// Lines that remove `removed` and export `variables`. They stop a caller that would get other values, and set none of
/// them then:
///
/// * One that has left out the quotes around `$(…)`, if that changes a value: if a value holds more than plain
///   characters, or `IFS` holds a plain one.
/// * One that does not keep the value of a variable: it is read-only, the shell manages it (bash's `GROUPS`), or the caller
///   has declared it as a number or in capital letters. bash would go on with the other variables, and zsh with none of them.
///
/// No character of the text is expanded, whatever the values are: a character that is not plain is in a variable that
/// `printf` has made.
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

/// The same for a private file that is sourced, whose words no shell changes. The lines return `code` from it if a
/// variable cannot be set; a secret is only in the lines after `hush`.
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

/// Text that sources the file at `path`, and stops the caller if that fails, or if it has left out the quotes and that
/// changes the path. It is one line if the path is plain: a changed path is then that of no file.
///
/// The file turns on again what `_oidc_exchange` has of `-x` and `-v`, and removes it. `-v` is off before the file is read,
/// since ksh93 shows all of it at once.
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

/// What [`are_kept`] assigns: a shell that changes values changes this one. It has small and capital letters, is no number
/// and no file, and its length is nobody's width of a field.
const SAMPLE: &str = "aB/c-0.D_eF+gH:iJ@k";

/// Sets the variables to a sample in a shell of their own, and reads all of them back at once. It fails if one is read-only
/// or has another value. No secret is in it: a shell shows in an error what it could not assign.
fn are_kept(names: &[&Name]) -> String {
    let list = |one: &dyn Fn(&Name) -> String| names.iter().map(|name| one(name)).collect::<String>();
    let (assigned, read) = (list(&|name| format!(" {name}={SAMPLE}")), list(&|name| format!("${name}")));
    let (samples, names) = (SAMPLE.repeat(names.len()), list(&|name| format!(" {name}")));
    format!(
        "`export{assigned}&&test \"{read}\" = {samples}&&exit;\
         echo 'oidc-exchange: this shell does not keep the value of one of these variables:{names}' >&2\"\";false`"
    )
}

/// Lines that stop a caller who has left out the quotes, and set `_oidc_intact` for what follows.
///
/// The long word is several if a plain character or a quote has become a blank, and then the place of `true` holds
/// `false`. With `plain` values that is all that can change them. If not, a backslash is in the word too, and every caller
/// is stopped whose line break has become a blank: one command has then become an argument of the other.
fn guard(plain: bool, code: u8) -> String {
    let (line_break, backslash) = if plain { ("", "") } else { ("set x\n", "\\-") };
    format!(
        "_oidc_intact=`IFS=&&{line_break}set {PLAIN}'-'\"-\"{backslash}{PLAIN} false false true&&echo $4`;\n\
         \"$_oidc_intact\" || echo 'oidc-exchange: write the quotes: eval \"$(oidc-exchange ...)\"' >&2\"\";\n\
         {FLAGS}\n{}\n",
        stop_unless_intact(code)
    )
}

/// The last line. An interactive shell that was to be stopped gets the status.
fn finish(names: impl Iterator<Item = String>, code: u8) -> String {
    let names: String = names.flat_map(|name| [" ".to_owned(), name]).collect();
    format!("\"$_oidc_intact\" && unset _oidc_intact{names} || {};\n", status(code))
}

/// Values in quotes, and the characters that must not be in the text.
#[derive(Default)]
struct Literals {
    special: BTreeSet<char>,
    /// Whether a value holds more than plain characters.
    odd: bool,
}

impl Literals {
    /// `value` as one word. A blank that follows a blank is in quotes of its own, for a caller without quotes whose `IFS`
    /// has a blank, and no line break.
    fn quote(&mut self, value: &str) -> String {
        let mut out = String::from("'");
        let mut before = None;
        for c in value.chars() {
            // Most are letters and digits, and a token is a thousand of them.
            let plain = c.is_ascii_alphanumeric() || PLAIN.contains(c);
            self.odd |= !plain;
            if plain || c == '\n' || !c.is_ascii() {
                out.push(c);
            } else if c == ' ' {
                out.push_str(if before == Some(' ') { "'' " } else { " " });
            } else {
                self.special.insert(c);
                let _ = write!(out, "'\"${}\"'", variable(c));
            }
            before = Some(c);
        }
        out.push('\'');
        out
    }

    /// Commands that put each special character into its variable, as conditions of what follows.
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
        assert!(text.contains("\nexport A='a '' '\"$_oidc052\"'b'\"$_oidc134\"'';\n"), "{text}");
        assert!(text.contains("unset _oidc_intact _oidc_exchange _oidc052 _oidc134 "), "{text}");
    }

    #[test]
    fn nothing_to_set_is_nothing_to_stop_for() {
        assert_eq!(assign(&[Name::fixed("OLD")], std::iter::empty(), CODES), "unset OLD;\n");
        assert_eq!(assign(&[], std::iter::empty(), CODES), "");
    }

    /// Whatever the value is: only a pattern's or a list's characters are expanded in what a command has printed.
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
