//! Text from a peer as it was received.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

use crate::secret::Secret;

/// Text from a peer. It can be compared, or kept as a secret, but not shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawText(pub(super) String);

impl RawText {
    /// A peer's text. Only [`KEPT`] bytes of it are used.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text[..text.floor_char_boundary(KEPT)].to_owned())
    }

    /// A JSON string; empty if the value is not one.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        Self::new(value.as_str().unwrap_or_default())
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it contains `words`, ignoring case.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        self.0.to_ascii_lowercase().contains(&words.to_ascii_lowercase())
    }

    /// The text, for comparing or parsing. To show it, use [`Shown::clean`].
    #[must_use]
    pub fn unclean(&self) -> &str {
        &self.0
    }

    /// The text up to the end of its first sentence, with `…` if more follows. A full stop in a quoted name does not
    /// end a sentence.
    #[must_use]
    pub fn first_sentence(&self) -> Self {
        let is_quoted = |end: usize| self.0[..end].matches('\'').count() % 2 == 1;
        let end = self.0.match_indices(". ").map(|(end, _)| end).find(|&end| !is_quoted(end));
        end.map_or_else(|| self.clone(), |end| Self(format!("{} …", &self.0[..=end])))
    }

    /// The text as a secret that the peer has issued.
    #[must_use]
    pub fn into_secret(self) -> Secret {
        Secret::new(self.0)
    }

    /// Joins texts, with `between` as separator, up to the used length.
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

    /// Appends a name to a list, after `between`, up to the used length.
    pub fn list(&mut self, between: &str, name: &str) {
        if self.0.len() < KEPT {
            self.0.push_str(between);
            self.0.push_str(&name[..name.floor_char_boundary(KEPT)]);
        }
    }

    /// The text, followed by our `words` and another text of the peer. One line is cleaned as a whole, because
    /// harmless parts may form a secret together.
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

/// A list of texts from a peer. Only the first [`TEXTS`] are used.
#[derive(Default)]
pub struct RawTexts(Vec<RawText>);

impl RawTexts {
    /// Iterates over the texts.
    pub fn iter(&self) -> impl Iterator<Item = &RawText> {
        self.0.iter()
    }

    /// Joins the texts, with `between` as separator.
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

/// The most texts of a list that are used.
const TEXTS: usize = 64;

/// The most bytes of a text that are used: an answer may have megabytes.
pub(super) const KEPT: usize = 16 << 10;
