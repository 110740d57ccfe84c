//! A peer's text with a secret's characters in it, one by one, and what is shown of it.
#![no_main]

use oidc_exchange::http::{RawText, Shown};
use oidc_exchange::secret::Secret;
use oidc_exchange::text::printable;

const SECRET: &str = "LhPtM1x9Zq7-Af4B_gH2kQwErTyUiOpAsDfGhJkLzXcVbNm";

/// Stands for the secret's next character.
const NEXT: char = '\u{1}';

/// So many letters in a row show the secret.
const TELLING: usize = 16;

/// The letters and digits that a reader can join.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut secret = SECRET.chars();
    let text: String = text.chars().map(|c| if c == NEXT { secret.next().unwrap_or(c) } else { c }).collect();
    let shown = Shown::default();
    shown.add(&Secret::new(SECRET.into()));
    let left = shown.clean(&RawText::new(&text)).to_string();
    assert_eq!(printable(&left), left);
    assert!(left.chars().count() <= 601);
    let secret = letters(SECRET);
    let read = letters(&left);
    let is_shown = (TELLING..=secret.len()).any(|end| read.contains(&secret[end - TELLING..end]));
    assert!(!is_shown, "{text:?} is shown as {left}");
});
