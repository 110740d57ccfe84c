//! Tests of what is shown of a peer's text.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use serde_json::Value;

use super::shown::{COMPARED, LENGTH, SEARCHED_FOR};
use super::*;
use crate::secret::Secret;
use crate::text::printable;

const SECRET: &str = "LhPtM1x9Zq7-Af4B_gH2kQwErTyUiOpAsDfGhJkLzXcVbNm";

fn clean(text: &str) -> String {
    let shown = Shown::default();
    shown.add(&Secret::new(SECRET.into()));
    shown.clean(&RawText::new(text)).to_string()
}

#[test]
fn a_sentence_ends_at_a_full_stop_that_is_not_quoted() {
    for (text, first) in [
        ("One. Two. Three.", "One. …"),
        ("One.", "One."),
        ("One at https://a.b/c", "One at https://a.b/c"),
        ("Not 'a. b' here. More.", "Not 'a. b' here. …"),
        ("It doesn't end. More.", "It doesn't end. More."),
        ("", ""),
    ] {
        assert_eq!(RawText::new(text).first_sentence().unclean(), first);
    }
}

#[test]
fn what_cannot_be_seen_goes_before_secrets_are_looked_for() {
    for invisible in ['\u{7f}', '\u{202e}', '\u{200b}', '\u{ad}', '\u{61c}', '\u{2028}', '\u{feff}', '\u{e0001}'] {
        let text: String = SECRET.chars().flat_map(|c| [c, invisible]).collect();
        assert_eq!(clean(&format!("no: {text}")).trim(), "no: [redacted]", "{invisible:?}");
    }
}

#[test]
fn a_line_is_cleaned_as_a_whole() {
    let part = |range: std::ops::Range<usize>| RawText::new(&SECRET[range]);
    let line = part(0..7).then(": ", &part(7..14)).then("; ", &part(14..21));
    let shown = Shown::default();
    shown.add(&Secret::new(SECRET.into()));
    assert_eq!(shown.clean(&line).as_str(), "[redacted]");
}

#[test]
fn what_the_same_answer_issues_is_not_shown() {
    let escaped: Vec<String> = SECRET.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let escaped = escaped.concat();
    for issued in [SECRET, &escaped] {
        let shown =
            Shown::default().clean_beside(&RawText::new(&format!("no {SECRET}!")), &format!("{{\"a\":\"{issued}\"}}"));
        assert_eq!(shown.as_str(), "no [redacted]!");
    }
}

#[test]
fn values_are_secrets_and_ordinary_words_are_not() {
    let shown = Shown::default();
    shown
        .add_values(&serde_json::json!({"a": [SECRET], "b": {"user": "postgres"}, "c": 1_234_567_890_123_456_789_u64}));
    let clean = |text: &str| shown.clean(&RawText::new(text)).to_string();
    assert_eq!(clean(&format!("postgres: {}", &SECRET[9..30])), "postgres: [redacted]");
    assert_eq!(clean("1234567890123456789"), "[redacted]");
}

#[test]
fn texts_that_a_peer_cannot_choose_are_shown_without_its_secrets() {
    let shown = Shown::default();
    shown.only(&["permission denied", "no * answer"]);
    for (text, left) in [
        (" permission\n denied", "permission denied"),
        ("permission denied: x", "[redacted]"),
        (SECRET, "[redacted]"),
        ("no 404", "no 404"),
        ("403 permission denied", "403 permission denied"),
        ("403 1 permission denied", "403 [redacted]"),
    ] {
        assert_eq!(shown.clean(&RawText::new(text)).as_str(), left);
    }
}

#[test]
fn with_too_many_secrets_no_text_is_shown() {
    let shown = Shown::default();
    shown.add_values(&Value::String(SECRET.repeat(SEARCHED_FOR / SECRET.len() + 1)));
    let clean = |text: &str| shown.clean(&RawText::new(text)).to_string();
    assert_eq!(
        (clean(SECRET).as_str(), clean("other words").as_str(), clean("no 404").as_str()),
        ("[redacted]", "[redacted]", "no 404")
    );
    let one = Shown::default();
    assert_eq!(one.clean_beside(&RawText::new("other words"), &"x".repeat(SEARCHED_FOR)).as_str(), "[redacted]");
}

/// A server can send thousands of texts, and a run can have thousands of secrets.
#[test]
fn after_many_comparisons_no_other_text_is_shown() {
    let shown = Shown::default();
    shown.add(&Secret::new(SECRET.into()));
    let clean = |text: &str| shown.clean(&RawText::new(text)).to_string();
    assert_eq!(clean("the text of a server"), "the text of a server");
    assert_eq!(shown.known().compared, SECRET.len());
    shown.known().compared = COMPARED - SECRET.len();
    assert_eq!((clean("404"), clean("another text")), ("404".into(), "another text".into()));
    assert_eq!((clean("one text more"), clean("404")), ("[redacted]".into(), "404".into()));
}

#[test]
fn a_text_that_comes_again_is_compared_with_new_secrets() {
    let shown = Shown::default();
    shown.add(&Secret::new("another secret of some length".into()));
    let clean = |text: &str| shown.clean(&RawText::new(text)).to_string();
    assert_eq!((clean(SECRET), clean(SECRET)), (SECRET.into(), SECRET.into()));
    shown.add(&Secret::new(SECRET.into()));
    assert_eq!((clean(SECRET), clean(SECRET)), ("[redacted]".into(), "[redacted]".into()));
    let compared = shown.known().compared;
    (0..9).for_each(|_| assert_eq!(clean(SECRET), "[redacted]"));
    assert_eq!(shown.known().compared, compared);
}

#[test]
fn a_long_text_is_clipped_and_one_of_megabytes_costs_no_more() {
    assert_eq!(clean(&"ab ".repeat(400)).chars().count(), LENGTH + 1);
    let long = SECRET.repeat((8 << 20) / SECRET.len());
    let started = Instant::now();
    assert!(clean(&long).len() < 30);
    assert_eq!(clean(&"\u{200b}".repeat(2 << 20)), "");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn what_is_shown_is_one_line_of_visible_characters(text in any::<String>()) {
        let shown = clean(&text);
        prop_assert!(!shown.chars().any(char::is_control));
        prop_assert_eq!(&printable(&shown), &shown);
    }
}
