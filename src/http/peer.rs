//! Text that a peer chose, and the one way in which it comes to be shown.
//!
//! What a peer sends is a [`RawText`], which nothing can print. [`Shown::clean`] makes it a [`PeerText`], which can be
//! printed: without the characters that a reader does not see, without the secrets that the peer has been shown, and
//! short. A secret is taken out after those characters, or they would put it together again.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

use super::redact::redact;
use crate::secret::Secret;
use crate::text::printable;

/// A text as a peer sent it. It can be compared, and kept as a secret; it cannot be shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawText(String);

impl RawText {
    /// A peer's text, of which no more than [`KEPT`] bytes are of use.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text[..text.floor_char_boundary(KEPT)].to_owned())
    }

    /// A text in JSON; empty where it is none.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        Self::new(value.as_str().unwrap_or_default())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it has `words` in it, in whatever case.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        self.0.to_ascii_lowercase().contains(&words.to_ascii_lowercase())
    }

    /// The text, to compare it or to read a value from it. Never show it: that is [`Shown::clean`]'s.
    #[must_use]
    pub fn unclean(&self) -> &str {
        &self.0
    }

    /// The text up to the end of its first sentence, and `…` where more follows. A full stop in a quoted name ends none.
    #[must_use]
    pub fn first_sentence(&self) -> Self {
        let is_quoted = |end: usize| self.0[..end].matches('\'').count() % 2 == 1;
        let end = self.0.match_indices(". ").map(|(end, _)| end).find(|&end| !is_quoted(end));
        end.map_or_else(|| self.clone(), |end| Self(format!("{} …", &self.0[..=end])))
    }

    /// The text as a secret that the peer issued.
    #[must_use]
    pub fn into_secret(self) -> Secret {
        Secret::new(self.0)
    }

    /// Texts in a row, with `between` between them, as far as that is of use.
    #[must_use]
    pub fn joined(texts: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut texts = texts.into_iter();
        let mut row = texts.next().unwrap_or_default();
        for text in texts {
            if row.0.len() >= KEPT {
                break;
            }
            row = row.then(between, &text);
        }
        row
    }

    /// Adds a name to a list, after `between`, as far as it is of use.
    pub fn list(&mut self, between: &str, name: &str) {
        if self.0.len() < KEPT {
            self.0.push_str(between);
            self.0.push_str(&name[..name.floor_char_boundary(KEPT)]);
        }
    }

    /// The text with `words` of ours and then another of the peer's after it: one line is cleaned as a whole, since parts
    /// that are harmless can make up a secret together.
    #[must_use]
    pub fn then(mut self, words: &str, more: &Self) -> Self {
        self.0.push_str(words);
        self.0.push_str(&more.0[..more.0.floor_char_boundary(KEPT)]);
        self
    }
}

impl<'de> Deserialize<'de> for RawText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = RawText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<RawText, E> {
                Ok(RawText::new(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A list of texts as a peer sent it, as far as it is of use: the first [`TEXTS`] of them.
#[derive(Default)]
pub struct RawTexts(Vec<RawText>);

impl RawTexts {
    /// One after another.
    pub fn iter(&self) -> impl Iterator<Item = &RawText> {
        self.0.iter()
    }

    /// The texts in a row, with `between` between them.
    #[must_use]
    pub fn joined(self, between: &str) -> RawText {
        RawText::joined(self.0, between)
    }
}

impl<'de> Deserialize<'de> for RawTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = RawTexts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawTexts, A::Error> {
                let mut texts = Vec::new();
                while texts.len() < TEXTS {
                    let Some(text) = items.next_element()? else { return Ok(RawTexts(texts)) };
                    texts.push(text);
                }
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(RawTexts(texts))
            }
        }
        deserializer.deserialize_seq(Texts)
    }
}

/// The most texts of a list that are looked at.
const TEXTS: usize = 64;

/// The most bytes of a text that are looked at: an answer may have megabytes.
const KEPT: usize = 16 << 10;

/// The most characters that are searched for secrets, and that are shown.
const SEARCHED: usize = 4 << 10;
const LENGTH: usize = 600;

/// A peer's text that is fit to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerText(String);

impl PeerText {
    /// Our own words where a peer's could stand.
    #[must_use]
    pub fn ours(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, and after it the id by which the peer finds the call again, if there is one: `Denied (request 7c1f)`. `name` is
    /// what the peer calls the id.
    #[must_use]
    pub fn with_id(&self, name: &str, id: Option<&Self>) -> String {
        id.map_or_else(|| self.0.clone(), |id| format!("{self} ({name} {id})"))
    }
}

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secrets that a client's peers have been shown or have issued: any later answer could repeat them.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<Mutex<Vec<Secret>>>);

impl Shown {
    /// Remembers a secret before it is sent.
    pub fn add(&self, secret: &Secret) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|one| one.reveal() == secret.reveal()) {
            known.push(secret.clone());
        }
    }

    /// `raw` as it may be shown.
    #[must_use]
    pub fn clean(&self, raw: &RawText) -> PeerText {
        let kept = &raw.0[..raw.0.floor_char_boundary(KEPT)];
        let visible: String = printable(kept).split_whitespace().collect::<Vec<_>>().join(" ");
        let searched: String = visible.chars().take(SEARCHED).collect();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clean = redact(&searched, &known);
        let mut shown: String = clean.chars().take(LENGTH).collect();
        if shown.len() < clean.len() {
            shown.push('…');
        }
        PeerText(shown)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

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
}
