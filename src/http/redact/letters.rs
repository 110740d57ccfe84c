//! The letters of a text that are compared with secrets, and where they are.

use std::collections::BTreeSet;
use std::ops::Range;

use super::alphabet::{alphabet, plain};
use super::escape::escape;
use super::runs::RUN;

/// The letters and digits of a text, in lower case, with their positions.
#[derive(PartialEq, Eq)]
pub(super) struct Letters {
    pub(super) letters: Vec<u8>,
    pub(super) places: Vec<Range<usize>>,
}

impl Letters {
    /// A text as it can be read, if that differs and has enough letters to reveal a secret.
    pub(super) fn views(text: &str) -> Vec<Self> {
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

    pub(super) fn among(read: &[(char, Range<usize>)], is_read: impl Fn(char) -> bool) -> Self {
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
}

/// The characters of a text, with their places.
pub(super) fn written(text: &str) -> Vec<(char, Range<usize>)> {
    text.char_indices().map(|(at, c)| (c, at..at + c.len_utf8())).collect()
}

/// The same after decoding the escapes in the text.
pub(super) fn decoded(text: &str) -> Vec<(char, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (c, length) = escape(&text[at..]).unwrap_or((c, c.len_utf8()));
        found.push((c, at..at + length));
        at += length;
    }
    found
}

pub(super) fn letters(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        let mut found = Vec::with_capacity(text.len());
        found.extend(text.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()));
        return found;
    }
    text.chars().filter_map(plain).collect()
}
