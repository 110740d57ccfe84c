//! Tests of the removal of secrets.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::forms::hexadecimal;
use super::letters::written;
use super::runs::{RUN, runs};
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
    for between in ["²", "ª", "①", "ⓐ", "ｅ", "𝐚", "ʰ", "⒈", "🄰", "🇦", "ſ", "²ⓐ", "ｅ𝐚"] {
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
    let fullwidth =
        |text: &str| -> String { text.bytes().map(|byte| char::from_u32(u32::from(byte) + 0xfee0).unwrap()).collect() };
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
        each(|byte| format!("U+{byte:04X} ")),
        each(|byte| format!("&#x{byte:012x};")),
        each(|byte| format!("&#+{byte};")),
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
        let read: String = letters.chars().filter_map(super::alphabet::plain).map(char::from).collect();
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
        let found = Runs::of([Letters::among(&written(&text), |_| true).letters.as_slice()].into_iter());
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
