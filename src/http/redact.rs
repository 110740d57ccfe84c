//! Takes secrets out of a text that was made to carry them.
//!
//! A peer may put anything between a secret's letters: blanks, line breaks, dots, another base64 alphabet's signs. So
//! only letters and digits are compared, without case, in runs: whatever shares a run with a secret goes.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::secret::Secret;

const PLACEHOLDER: &str = "[redacted]";

/// How many letters and digits in a row give a secret away.
const RUN: usize = 8;

/// A secret with fewer letters and digits is looked for as a whole: parts of it occur in ordinary words.
const TELLING: usize = 16;

/// `text` without what it shares with `secrets`, as they are, in base64 or in hexadecimal digits.
pub(super) fn redact(text: &str, secrets: &[Secret]) -> String {
    let shown = Letters::of(text);
    let runs: HashSet<u64> = runs(&shown.letters).collect();
    let mut shared = HashSet::new();
    let mut hidden = vec![false; shown.letters.len()];
    let mut whole = Vec::new();
    for secret in secrets {
        let letters = Letters::of(secret.reveal()).letters;
        if letters.len() < TELLING {
            whole.push(secret.reveal());
            hide(&mut hidden, &shown.letters, letters.len(), |part| letters.len() >= RUN && part == letters);
            continue;
        }
        for form in forms(secret.reveal()) {
            shared.extend(self::runs(&Letters::of(&form).letters).filter(|run| runs.contains(run)));
        }
        shared.extend(self::runs(&letters).filter(|run| runs.contains(run)));
    }
    hide(&mut hidden, &shown.letters, RUN, |part| shared.contains(&packed(part)));
    shown.keep_ends_of_words(&mut hidden);
    let text = shown.without(text, &hidden);
    whole.iter().filter(|secret| !secret.is_empty()).fold(text, |text, secret| text.replace(secret, PLACEHOLDER))
}

/// The ways in which a secret is written that are not made of its own letters.
fn forms(secret: &str) -> Vec<String> {
    let base64 = (0..3).map(|skipped| STANDARD_NO_PAD.encode(secret.as_bytes().get(skipped..).unwrap_or_default()));
    let hexadecimal = secret.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    let hexadecimal = hexadecimal.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    base64.chain([hexadecimal]).collect()
}

fn hide(hidden: &mut [bool], letters: &[u8], length: usize, is_secret: impl Fn(&[u8]) -> bool) {
    if length == 0 {
        return;
    }
    for (start, part) in letters.windows(length).enumerate() {
        if is_secret(part) {
            hidden[start..start + length].fill(true);
        }
    }
}

fn runs(letters: &[u8]) -> impl Iterator<Item = u64> + '_ {
    letters.windows(RUN).map(packed)
}

fn packed(run: &[u8]) -> u64 {
    run.iter().fold(0, |packed, letter| packed << 8 | u64::from(*letter))
}

/// The letters and digits of a text, in lower case, and where each is.
struct Letters {
    letters: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Letters {
    fn of(text: &str) -> Self {
        let found = text.char_indices().filter_map(|(at, c)| Some((plain(c)?, at..at + c.len_utf8())));
        let (letters, places) = found.unzip();
        Self { letters, places }
    }

    /// Lets a word keep its last or first letters that a secret beside it begins or ends with by chance: `authorized: x…` of
    /// a secret with `dx…` in it. So few letters tell nothing.
    fn keep_ends_of_words(&self, hidden: &mut [bool]) {
        const FEW: usize = 3;
        let touches = |at: usize| self.places[at].end == self.places[at + 1].start;
        let word_ends: Vec<usize> = (1..hidden.len()).filter(|at| !touches(at - 1)).collect();
        for end in word_ends {
            let letters = |at: &usize| end - *at <= FEW;
            let first = (0..end).rev().take_while(letters).take_while(|at| hidden[*at]).last();
            if let Some(first) = first.filter(|first| *first > 0 && !hidden[first - 1] && touches(first - 1)) {
                hidden[first..end].fill(false);
            }
            let after = (end..hidden.len()).take(FEW).take_while(|at| hidden[*at]).last();
            if let Some(last) = after.filter(|last| last + 1 < hidden.len() && !hidden[last + 1] && touches(*last)) {
                hidden[end..=last].fill(false);
            }
        }
    }

    /// The text with a placeholder for each row of hidden letters, and what is between them.
    fn without(&self, text: &str, hidden: &[bool]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = 0;
        let mut at = 0;
        for row in hidden.chunk_by(|one, next| one == next) {
            let (first, last) = (&self.places[at], &self.places[at + row.len() - 1]);
            if row[0] {
                out.push_str(&text[rest..first.start]);
                out.push_str(PLACEHOLDER);
                rest = last.end;
            }
            at += row.len();
        }
        out.push_str(&text[rest..]);
        out
    }
}

/// The letter or digit that a person reads there, in lower case: Unicode has more sets of the Latin ones.
fn plain(c: char) -> Option<u8> {
    let code = u32::from(c);
    let letter = |place: u32| char::from_digit(10 + place % 26, 36);
    let plain = match code {
        0..=0x7f => Some(c),
        // Full width.
        0xff01..=0xff5e => char::from_u32(code - 0xfee0),
        // Circled; in brackets, in squares.
        0x24b6..=0x24e9 => letter(code - 0x24b6),
        0x1f110..=0x1f189 if (code - 0x1f110) % 32 < 26 => letter((code - 0x1f110) % 32),
        // Mathematical.
        0x1d400..=0x1d6a3 => letter(code - 0x1d400),
        0x1d7ce..=0x1d7ff => char::from_digit((code - 0x1d7ce) % 10, 10),
        _ => None,
    };
    plain.filter(char::is_ascii_alphanumeric).and_then(|c| u8::try_from(c.to_ascii_lowercase()).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0xxx.Af4B_gH-x9Zq7-LhPtM1_2kQwErTyUiOpAsDfGhJkL-zXcVbNm";

    fn redacted(text: &str) -> String {
        redact(text, &[Secret::new(TOKEN.into()), Secret::new("hunter2".into())])
    }

    fn signature() -> &'static str {
        TOKEN.rsplit('.').next().unwrap()
    }

    /// The letters and digits alone, as somebody would put them together again.
    fn stripped(text: &str) -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect()
    }

    fn shows_signature(text: &str) -> bool {
        let letters = stripped(signature());
        let text = stripped(text);
        (0..=letters.len() - 16).any(|at| text.contains(&letters[at..at + 16]))
    }

    #[test]
    fn a_secret_goes_whole_and_in_parts_and_the_rest_stays() {
        assert_eq!(redacted(&format!("bad token {TOKEN} (no)")), "bad token [redacted] (no)");
        assert_eq!(redacted(&format!("signature {}, of hunter2", signature())), "signature [redacted], of [redacted]");
        assert_eq!(redacted("role hunter, not authorized: no hunt"), "role hunter, not authorized: no hunt");
        assert_eq!(redacted("not foxxx: Af4B_gH-x9Zq7-LhPtM1"), "not foxxx: [redacted]", "a word's end by chance");
        assert_eq!(redacted("not xxx: Af4B_gH-x9Zq7-LhPtM1"), "not [redacted]", "a word of its own");
        assert_eq!(redacted("Af4B_gH-x9Zq7-LhP.tMadam"), "[redacted].tMadam");
        assert_eq!(redacted(""), "");
        assert_eq!(redact("as it is", &[Secret::new(String::new())]), "as it is");
        assert_eq!(redact("as it is", &[]), "as it is");
    }

    #[test]
    fn what_stands_between_the_letters_does_not_hide_them() {
        for between in ["\u{7f}", " ", "\n", ".", "-", "é", "\u{200b}", "%", "\u{3164}", "|*|"] {
            for every in 1..12 {
                let letters: Vec<char> = signature().chars().collect();
                let parts: Vec<String> = letters.chunks(every).map(|part| part.iter().collect()).collect();
                assert_eq!(redacted(&format!("login {}", parts.join(between))), "login [redacted]", "{between:?}");
            }
        }
    }

    #[test]
    fn another_way_to_write_it_is_the_same_secret() {
        let fullwidth = |text: &str| -> String {
            text.bytes().map(|byte| char::from_u32(u32::from(byte) + 0xfee0).unwrap()).collect()
        };
        let mathematical = |text: &str| -> String {
            let letter = |byte: u8| match byte {
                b'A'..=b'Z' => char::from_u32(0x1d400 + u32::from(byte - b'A')).unwrap(),
                b'a'..=b'z' => char::from_u32(0x1d41a + u32::from(byte - b'a')).unwrap(),
                b'0'..=b'9' => char::from_u32(0x1d7ce + u32::from(byte - b'0')).unwrap(),
                other => char::from(other),
            };
            text.bytes().map(letter).collect()
        };
        let encoded = |engine: &dyn Fn(&[u8]) -> String| engine(format!("x{TOKEN}").as_bytes());
        let percent = |text: &str| text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
        for other in [
            TOKEN.replace('-', "+").replace('_', "/"),
            TOKEN.to_ascii_lowercase(),
            fullwidth(TOKEN),
            mathematical(TOKEN),
            STANDARD_NO_PAD.encode(TOKEN),
            encoded(&|bytes| base64::engine::general_purpose::URL_SAFE.encode(bytes)),
            percent(TOKEN),
        ] {
            let left = redacted(&format!("token: {other}!"));
            assert!(left.contains("[redacted]") && left.len() < 60, "{left}");
        }
    }

    proptest! {
        #[test]
        fn no_text_around_or_within_it_lets_the_signature_out(
            before in any::<String>(),
            noise in prop::collection::vec((0..100usize, any::<String>()), 0..40),
        ) {
            let mut text: Vec<char> = signature().chars().collect();
            for (at, inserted) in noise {
                let at = at.min(text.len());
                text.splice(at..at, inserted.chars());
            }
            let text: String = text.into_iter().collect();
            let left = redacted(&format!("{before}{text}"));
            prop_assert!(!shows_signature(&left), "{}", left);
        }

        #[test]
        fn a_text_without_secrets_stays_as_it_is(text in any::<String>()) {
            prop_assert_eq!(redact(&text, &[Secret::new("0123456789".repeat(3))]), text);
        }
    }
}
