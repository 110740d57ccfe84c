//! Removes secrets from a text that may hide them.
//!
//! A peer may insert anything between the characters of a secret: spaces, line breaks, dots, characters of another
//! base64 alphabet. So only letters and digits are compared, ignoring case, in runs. Every run that also occurs in a
//! secret is removed.

mod alphabet;
mod escape;

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use self::alphabet::{alphabet, plain};
use self::escape::escape;
use crate::secret::Secret;

const PLACEHOLDER: &str = "[redacted]";

/// The length of a run of letters and digits that reveals a secret.
const RUN: usize = 8;

/// A secret with fewer letters and digits is searched as a whole: parts of it occur in ordinary words.
const TELLING: usize = 16;

/// `text` without the runs that also occur in `secrets`, in plain form and in the usual encodings of either.
pub(super) fn redact(text: &str, secrets: &[Secret]) -> String {
    let views = Letters::views(text);
    let mut places = Vec::new();
    // Most texts of an answer that went well are too short to give anything away: nothing is made of the secrets for them.
    if !views.is_empty() {
        let found = Found::of(secrets, &Runs::of(&views));
        places.extend(views.iter().flat_map(|view| view.places_of(&found)));
    }
    places.sort_by_key(|place| place.start);
    let text = without(text, &places);
    let whole = secrets.iter().filter(|secret| !secret.reveal().is_empty() && letters(secret.reveal()).len() < TELLING);
    whole.fold(text, |text, secret| text.replace(secret.reveal(), PLACEHOLDER))
}

/// The placeholder for a text in which a part of a secret could be; otherwise the text.
pub(super) fn redact_all(text: &str) -> String {
    if Letters::views(text).is_empty() { text.to_owned() } else { PLACEHOLDER.to_owned() }
}

/// Whether parts of this secret are searched too.
pub(super) fn is_searched_in_parts(secret: &str) -> bool {
    letters(secret).len() >= TELLING
}

/// A text after decoding the escapes in it.
pub(super) fn unescaped(text: &str) -> String {
    decoded(text).into_iter().map(|(c, _)| c).collect()
}

/// What a text may have of the secrets.
#[derive(Default)]
struct Found {
    /// The runs of both.
    runs: HashSet<u64>,
    /// The secrets that are searched as a whole, in each encoding.
    whole: Vec<Vec<u8>>,
}

impl Found {
    fn of(secrets: &[Secret], text: &Runs) -> Self {
        let mut found = Self::default();
        for form in secrets.iter().flat_map(Form::all) {
            if form.in_parts {
                found.runs.extend(runs(&form.letters).filter(|run| text.have(*run)));
            } else if form.letters.len() >= RUN {
                found.whole.push(form.letters);
            }
        }
        found
    }
}

/// One encoding of a secret.
struct Form {
    letters: Vec<u8>,
    /// Whether parts of it are searched too.
    in_parts: bool,
}

impl Form {
    fn all(secret: &Secret) -> Vec<Self> {
        let secret = secret.reveal();
        let own = letters(secret);
        let in_parts = own.len() >= TELLING;
        let others = encoded(secret.as_bytes()).into_iter().chain(signature(secret)).map(|form| letters(&form));
        [own].into_iter().chain(others).map(|letters| Self { letters, in_parts }).collect()
    }
}

/// Encodings of bytes with other letters: base64, and hexadecimal digits, also of UTF-16.
fn encoded(bytes: &[u8]) -> Vec<String> {
    let base64 = (0..3).map(|skipped| STANDARD_NO_PAD.encode(bytes.get(skipped..).unwrap_or_default()));
    base64.chain([hexadecimal(bytes, ""), hexadecimal(bytes, "00")]).collect()
}

/// Two digits for each byte, each with the prefix `before`.
fn hexadecimal(bytes: &[u8], before: &str) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(bytes.len() * (before.len() + 2));
    for byte in bytes {
        text.push_str(before);
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}

/// The signature of a JSON Web Token as hexadecimal digits.
fn signature(secret: &str) -> Option<String> {
    let mut parts = secret.split('.');
    let (_, _, last, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    URL_SAFE_NO_PAD.decode(last).ok().map(|bytes| hexadecimal(&bytes, ""))
}

/// The text with a placeholder for each of these ranges, which are sorted.
fn without(text: &str, places: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    for place in places {
        if place.end <= rest {
            continue;
        }
        if place.start >= rest {
            out.push_str(&text[rest..place.start]);
            out.push_str(PLACEHOLDER);
        }
        rest = place.end;
    }
    out.push_str(&text[rest..]);
    out
}

/// Marks each place of `secret` in `letters`.
fn hide(hidden: &mut [bool], letters: &[u8], secret: &[u8]) {
    for (start, part) in letters.windows(secret.len()).enumerate() {
        if part == secret {
            hidden[start..start + secret.len()].fill(true);
        }
    }
}

/// Each [`RUN`] letters in a row, as a number.
fn runs(letters: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let packed = letters.iter().scan(0, |packed: &mut u64, letter| {
        // The letter before the run leaves on the left.
        *packed = *packed << 8 | u64::from(*letter);
        Some(*packed)
    });
    packed.skip(RUN - 1)
}

/// The runs of a text. A secret has some ten thousand in all its forms, and nearly none of them is in a text: a table
/// with a bit for each run of the text excludes most of them. It is much cheaper than a hash set.
struct Runs {
    bits: Vec<u64>,
    all: HashSet<u64>,
}

impl Runs {
    const BITS: u32 = 16;

    fn of(views: &[Letters]) -> Self {
        let mut found = Self { bits: vec![0; 1 << (Self::BITS - 6)], all: HashSet::new() };
        for run in views.iter().flat_map(|view| runs(&view.letters)) {
            let (word, bit) = Self::place(run);
            found.bits[word] |= bit;
            found.all.insert(run);
        }
        found
    }

    fn have(&self, run: u64) -> bool {
        let (word, bit) = Self::place(run);
        self.bits[word] & bit != 0 && self.all.contains(&run)
    }

    fn place(run: u64) -> (usize, u64) {
        // Fibonacci hashing: the upper bits of the product depend on all letters.
        let bit = run.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::BITS);
        (usize::try_from(bit >> 6).unwrap_or(0), 1 << (bit & 63))
    }
}

/// The letters and digits of a text, in lower case, with their positions.
#[derive(PartialEq, Eq)]
struct Letters {
    letters: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Letters {
    /// A text as it can be read, if that differs and has enough letters to reveal a secret.
    fn views(text: &str) -> Vec<Self> {
        let (written, decoded) = (written(text), decoded(text));
        let mut views = vec![Self::numbers(text)];
        views.extend(Self::of_each_alphabet(&written));
        if decoded != written {
            views.extend(Self::of_each_alphabet(&decoded));
        }
        views.retain(|view| view.letters.len() >= RUN);
        views
    }

    /// All letters together; and those of each alphabet alone, because a reader can leave out the others.
    fn of_each_alphabet(read: &[(char, Range<usize>)]) -> Vec<Self> {
        let known: BTreeSet<u32> =
            read.iter().filter(|(c, _)| plain(*c).is_some()).map(|(c, _)| alphabet(*c)).collect();
        let mut views = vec![Self::among(read, |_| true)];
        if known.len() > 1 {
            views.extend(known.iter().map(|one| Self::among(read, |c| alphabet(c) == *one)));
        }
        views
    }

    fn among(read: &[(char, Range<usize>)], is_read: impl Fn(char) -> bool) -> Self {
        let chosen = read.iter().filter(|(c, _)| is_read(*c));
        let (letters, places) = chosen.filter_map(|(c, place)| Some((plain(*c)?, place.clone()))).unzip();
        Self { letters, places }
    }

    /// The characters whose codes are the decimal numbers in the text.
    fn numbers(text: &str) -> Self {
        let mut found = Self { letters: Vec::new(), places: Vec::new() };
        let mut at = 0;
        for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let number = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if let Some(letter) = number.parse::<u8>().ok().and_then(|code| plain(char::from(code))) {
                found.letters.push(letter);
                found.places.push(at..at + number.len());
            }
            at += word.len();
        }
        found
    }

    /// The ranges that also occur in a secret.
    fn places_of(&self, found: &Found) -> Vec<Range<usize>> {
        let mut hidden = vec![false; self.letters.len()];
        found.whole.iter().for_each(|secret| hide(&mut hidden, &self.letters, secret));
        for (start, run) in runs(&self.letters).enumerate() {
            if found.runs.contains(&run) {
                hidden[start..start + RUN].fill(true);
            }
        }
        self.keep_ends_of_words(&mut hidden);
        let mut at = 0;
        let mut found = Vec::new();
        for row in hidden.chunk_by(|one, next| one == next) {
            if row[0] {
                found.push(self.places[at].start..self.places[at + row.len() - 1].end);
            }
            at += row.len();
        }
        found
    }

    /// Keeps the first or last letters of a word that equal the end or start of an adjacent secret by chance:
    /// `authorized: x…` with a secret that contains `dx…`. So few letters reveal nothing.
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
}

/// The characters of a text, with their places.
fn written(text: &str) -> Vec<(char, Range<usize>)> {
    text.char_indices().map(|(at, c)| (c, at..at + c.len_utf8())).collect()
}

/// The same after decoding the escapes in the text.
fn decoded(text: &str) -> Vec<(char, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (c, length) = escape(&text[at..]).unwrap_or((c, c.len_utf8()));
        found.push((c, at..at + length));
        at += length;
    }
    found
}

fn letters(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        let mut found = Vec::with_capacity(text.len());
        found.extend(text.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()));
        return found;
    }
    text.chars().filter_map(plain).collect()
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

    /// Only the letters and digits, as a reader could join them.
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
    fn letters_of_another_alphabet_do_not_hide_them() {
        let letters: Vec<char> = signature().chars().collect();
        let fullwidth = |c: &char| char::from_u32(u32::from(*c) + 0xfee0).unwrap();
        for between in ["²", "ª", "①", "ⓐ", "ｅ", "𝐚", "ʰ", "⒈", "🄰", "🇦", "ſ", "²ⓐ", "ｅ𝐚"]
        {
            for every in 1..8 {
                let parts: Vec<String> = letters.chunks(every).map(|part| part.iter().collect()).collect();
                let left = redacted(&format!("login {}", parts.join(between)));
                assert!(!shows_signature(&left) && left.len() < 40, "{between:?} {every}: {left}");
            }
        }
        let wide: Vec<String> = letters.iter().map(|c| fullwidth(c).to_string()).collect();
        for between in ["x", "²"] {
            let left = redacted(&format!("login {}!", wide.join(between)));
            assert_eq!(left, "login [redacted]!", "{between:?}");
        }
    }

    #[test]
    fn a_mark_between_the_letters_does_not_hide_them() {
        let letters: Vec<String> = signature().chars().map(String::from).collect();
        for between in [
            r"\n",
            r"\\t",
            r"\e[31m",
            "[1;31m",
            "[0m",
            "^M",
            "^[[m",
            "&nbsp;",
            "&amp;",
            "&amp;shy;",
            "&#8203;",
            "=20",
            "=0A",
            "<b>",
            "</i><wbr>",
            "<br/>",
        ] {
            let left = redacted(&format!("login {}!", letters.join(between)));
            assert_eq!(left, "login [redacted]!", "{between:?}");
        }
        let plain = r"an <a href=x> of &lt;b&gt; in [2m ^C C:\temp\x =20 &amp; & \ &;";
        assert_eq!(redacted(plain), plain);
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

    #[test]
    fn an_escape_or_a_list_of_codes_does_not_hide_it() {
        let each = |form: fn(u8) -> String| TOKEN.bytes().map(form).collect::<String>();
        for other in [
            each(|byte| format!("\\x{byte:02x}")),
            each(|byte| format!("0x{byte:02X} ")),
            each(|byte| format!("0x{byte:02x}, ")),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("\\u{{{byte:x}}}")),
            each(|byte| format!("\\U{byte:08x}")),
            each(|byte| format!("\\{byte:03o}")),
            each(|byte| format!("&#x{byte:x};")),
            each(|byte| format!("&#{byte};")),
            each(|byte| format!("&amp;#{byte};")),
            each(|byte| format!("={byte:02X}")),
            each(|byte| format!("%25{byte:02X}")),
            each(|byte| format!("%2525{byte:02X}")),
            each(|byte| format!("00{byte:02x}")),
            each(|byte| format!("{byte:02x}00")),
            each(|byte| format!("{byte} ")),
            each(|byte| format!("{byte},")),
        ] {
            let left = redacted(&format!("token: [{other}]!"));
            assert!(left.contains("[redacted]") && left.len() < 60, "{other}: {left}");
        }
        assert_eq!(redacted(r"no C:\temp\x64, 10, 20 %41 &#65; \u0041"), r"no C:\temp\x64, 10, 20 %41 &#65; \u0041");
    }

    #[test]
    fn the_bytes_of_a_signature_are_it() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.Af4B_gH-x9Zq7-LhPtM1_2kQwErTyUiOpAsDfGhJkL-zXcVb";
        let digits = hexadecimal(&URL_SAFE_NO_PAD.decode(token.rsplit('.').next().unwrap()).unwrap(), "");
        let colons: Vec<&str> = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]).collect();
        for other in [digits.clone(), digits.to_uppercase(), colons.join(":")] {
            assert_eq!(redact(&format!("no: {other}!"), &[Secret::new(token.into())]), "no: [redacted]!");
        }
    }

    #[test]
    fn a_short_secret_in_another_encoding() {
        let secret = [Secret::new("s3cret-pw".into())];
        for other in ["czNjcmV0LXB3", "7333637265742d7077", "\\x733cret-pw", "%73%33%63%72%65%74%2d%70%77"] {
            let left = redact(&format!("no: {other} (x)"), &secret);
            assert_eq!(left, "no: [redacted] (x)", "{other}");
        }
    }

    #[test]
    fn every_set_of_letters_is_read() {
        for (letters, plain) in [
            ("ℬℯℊℴ", "bego"),
            ("🇦🇧🇿", "abz"),
            ("⒜⒝⒵ⓐⓩ🄰🅉", "abzazaz"),
            ("ᵃᵇᶜₓⅬ", "abcxl"),
            ("⁰¹²³⁴⁹₀₉①⑨⑴⒈⓵❶➀➊⓪⓿🄀🄁🯰🯹", "0123490919111111000009"),
        ] {
            let read: String = letters.chars().filter_map(super::plain).map(char::from).collect();
            assert_eq!(read, plain, "{letters}");
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
        fn the_runs_of_a_text_are_the_ones_that_it_has(text in "[a-c]{0,40}", other in "[a-c]{8}") {
            let run = runs(other.as_bytes()).next().unwrap();
            let found = Runs::of(&[Letters::among(&written(&text), |_| true)]);
            prop_assert_eq!(found.have(run), text.contains(&other));
            let own: Vec<u64> = runs(text.as_bytes()).collect();
            prop_assert_eq!(own.len(), (text.len() + 1).saturating_sub(RUN));
            prop_assert!(own.iter().all(|run| found.have(*run)));
        }

        #[test]
        fn letters_are_the_same_wherever_they_are(text in any::<String>()) {
            let all = Letters::among(&written(&text), |_| true).letters;
            prop_assert_eq!(&letters(&text), &all);
            prop_assert_eq!(letters(&format!("{text}é")), all);
        }

        #[test]
        fn a_text_without_secrets_stays_as_it_is(text in any::<String>()) {
            prop_assert_eq!(redact(&text, &[Secret::new("0123456789".repeat(3))]), text);
        }
    }
}
