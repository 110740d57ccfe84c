//! An attacker's texts: active ones, and a secret in forms that look like something else.

use std::collections::HashSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Starts its own lines: an error like ours, a marker of the CI agent, or a hint to paste. Also moves the cursor.
pub(super) const FORGED: &str = "no\r\nFORGED\nerror: FORGED\n\nhint: FORGED\n::FORGED\n\u{1b}[2J\u{1b}[1;1HFORGED\u{7}\r\
                                 FORGED\u{85}FORGED\u{2028}FORGED\u{2029}FORGED\u{b}FORGED\u{c}FORGED\u{9b}2K\u{8}\u{0}";

/// Hidden, reordering, and zero-width characters.
pub(super) const HIDDEN: &str = "no \u{202e}desrever\u{202c} \u{2066}isolate\u{2069} \u{200b}\u{200d}\u{200f}\u{ad}\u{feff}\
                                 \u{61c}\u{e0041}\u{fe0f}\u{115f}\u{3164}\u{180e}\u{2060}\u{fff9}\u{1d173} end";

/// Every character that a shell, fish, an INI file or JSON interprets, without a space.
pub(super) const BREAKOUT: &str = "'\";>PWNED;'$(>PWNED)`>PWNED`\\';>PWNED;#${A}$A&&>PWNED|>PWNED\"}],{\\";

/// The same words as lines of another author.
pub(super) const LINES: &str =
    "x\n[default]\ncredential_process = touch PWNED\n'\ntouch PWNED\n\"\n$(touch PWNED)\n\\\n";

/// Options where a word is expected.
pub(super) const OPTION: &str = "--help";

/// Patterns, braces and history expansions.
pub(super) const GLOBS: &str = "*?[!a-z]{a,b}~!!%s${IFS}$0=~+(x)@(y)";

/// Moves the cursor, and is not ASCII.
pub(super) const TERMINAL: &str = "\u{1b}]0;x\u{7}\u{1b}[2J\t  a\r\u{8}\u{7f}\u{85}\u{202e}\u{1f980}\u{e9} ";

/// A way to write a secret.
pub(super) type Form = fn(&str) -> String;

pub(crate) fn whole(secret: &str) -> String {
    secret.to_owned()
}

/// The secret with `between` after every few letters.
pub(crate) fn joined(secret: &str, every: usize, between: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(every).map(|part| part.iter().collect()).collect::<Vec<String>>().join(between)
}

pub(super) fn with_delete(secret: &str) -> String {
    joined(secret, 1, "\u{7f}")
}

pub(super) fn with_marks(secret: &str) -> String {
    joined(secret, 3, "\u{202e}\u{200b}\u{ad}\u{e0001}")
}

pub(super) fn with_blanks(secret: &str) -> String {
    joined(secret, 5, " \t\n\u{a0}")
}

pub(super) fn with_signs(secret: &str) -> String {
    joined(secret, 2, "|*\u{3b1}.")
}

pub(super) fn with_other_letters(secret: &str) -> String {
    joined(secret, 1, "\u{aa}\u{24d0}")
}

pub(crate) fn base64(secret: &str) -> String {
    STANDARD.encode(format!("x{secret}"))
}

pub(super) fn hexadecimal(secret: &str) -> String {
    written(secret, "")
}

pub(crate) fn percent(secret: &str) -> String {
    written(secret, "%")
}

fn written(secret: &str, before: &str) -> String {
    secret.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "{before}{byte:02X}").unwrap();
        out
    })
}

pub(crate) fn full_width(secret: &str) -> String {
    secret
        .chars()
        .map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c))
        .collect()
}

pub(super) fn other_case(secret: &str) -> String {
    secret
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect()
}

/// The number of consecutive letters and digits that reveal a secret.
const RUN: usize = 16;

/// Whether `text` contains so many letters and digits of `secret`, with any characters between them: plain, in base64
/// or in hexadecimal digits, of any case and width.
pub(crate) fn gives_away(text: &str, secret: &str) -> bool {
    let base64 = (0..3).map(|skipped| STANDARD.encode(secret.as_bytes().get(skipped..).unwrap_or_default()));
    let forms = [secret.to_owned(), hexadecimal(secret)].into_iter().chain(base64);
    let text = letters(text);
    // Both have thousands of letters: a set has each place of the text, and each place of a form is looked up once.
    let runs: HashSet<&[u8]> = text.as_bytes().windows(RUN).collect();
    forms.map(|form| letters(&form)).any(|form| form.as_bytes().windows(RUN).any(|run| runs.contains(run)))
}

fn letters(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(narrow).filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[test]
fn every_form_gives_a_secret_away() {
    let secret = "LhPtM1x9Zq7-Af4B_gH2kQwErTyUiOpAsDfGhJkLzXcVbNm";
    for form in [
        whole,
        with_delete,
        with_marks,
        with_blanks,
        with_signs,
        with_other_letters,
        base64,
        hexadecimal,
        percent,
        full_width,
        other_case,
    ] {
        assert!(gives_away(&format!("no: {}!", form(secret)), secret), "{}", form(secret));
    }
    assert!(!gives_away("not authorized to perform sts:AssumeRoleWithWebIdentity", secret));
    assert!(!gives_away(secret, "short"));
}
