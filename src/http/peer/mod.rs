//! Text from a peer, and the only way to show it.
//!
//! Text from a peer is a [`RawText`], which cannot be printed. [`Shown::clean`] converts it to a [`PeerText`], which
//! can. It removes invisible characters and the secrets that the peer has received, and shortens the text. Invisible
//! characters are removed first: otherwise their removal could reveal a secret.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

use super::redact::{is_searched_in_parts, redact, redact_all, unescaped};
use crate::secret::Secret;
use crate::text::printable;

/// Text from a peer. It can be compared, or kept as a secret, but not shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawText(String);

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
const KEPT: usize = 16 << 10;

/// The most characters that are searched for secrets and shown.
const SEARCHED: usize = 4 << 10;
const LENGTH: usize = 600;

/// Text from a peer in a form that can be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerText(String);

impl PeerText {
    /// Our own text in place of a peer's.
    #[must_use]
    pub fn ours(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, followed by the id with which the peer finds the call, if any: `Denied (request 7c1f)`. `name` is
    /// the peer's name for the id.
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

/// The secrets that were sent to or received from a client's peers. Any later answer could contain them.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    secrets: Vec<Secret>,
    /// The length of all secrets.
    bytes: usize,
    /// The only texts that are shown, if there are more secrets that are not known here.
    only: Option<&'static [&'static str]>,
    /// The bytes of secrets that were compared with a text, of all texts together.
    compared: usize,
    /// The last text, and how it is shown: many answers of a run have the same one.
    last: Option<(String, PeerText)>,
}

/// The most bytes of secrets that texts are searched for. A search for more takes too long, so with more no text is
/// shown.
const SEARCHED_FOR: usize = 256 << 10;

/// The most bytes of secrets that are compared in a run, which takes about two seconds. After them, no other text is
/// shown.
const COMPARED: usize = 64 << 20;

impl Known {
    fn add(&mut self, secret: &Secret) {
        self.last = None;
        self.bytes = self.bytes.saturating_add(secret.reveal().len());
        if self.bytes <= SEARCHED_FOR {
            self.secrets.push(secret.clone());
        }
    }

    /// `raw` without the secrets, and without those of `beside`.
    fn clean(&mut self, raw: &RawText, beside: &[Secret]) -> PeerText {
        let kept = &raw.0[..raw.0.floor_char_boundary(KEPT)];
        let visible: String = printable(kept).split_whitespace().collect::<Vec<_>>().join(" ");
        let searched: String = visible.chars().take(SEARCHED).collect();
        if let Some(only) = self.only {
            let is_status = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
            let (status, words) = searched.split_once(' ').filter(|(first, _)| is_status(first)).unzip();
            let words = words.unwrap_or(&searched);
            let words = if only.contains(&words) { words.to_owned() } else { redact_all(words) };
            return PeerText(status.map_or_else(|| words.clone(), |status| format!("{status} {words}")));
        }
        let hidden = redact_all(&searched);
        if let Some((_, shown)) = self.last.as_ref().filter(|(last, _)| beside.is_empty() && *last == searched) {
            return shown.clone();
        }
        let bytes = beside.iter().fold(self.bytes, |bytes, secret| bytes.saturating_add(secret.reveal().len()));
        if hidden != searched {
            self.compared = self.compared.saturating_add(bytes);
        }
        if bytes > SEARCHED_FOR || self.compared > COMPARED {
            return PeerText(hidden);
        }
        let clean = redact(&redact(&searched, &self.secrets), beside);
        let mut shown: String = clean.chars().take(LENGTH).collect();
        if shown.len() < clean.len() {
            shown.push('…');
        }
        let shown = PeerText(shown);
        self.last = beside.is_empty().then(|| (searched, shown.clone()));
        shown
    }
}

impl Shown {
    /// Registers a secret. Call this before the secret is sent.
    pub fn add(&self, secret: &Secret) {
        let mut known = self.known();
        if !known.secrets.iter().any(|one| one.reveal() == secret.reveal()) {
            known.add(secret);
        }
    }

    /// Shows no other texts than these from now on: the peers know secrets that are not known here.
    pub fn only(&self, texts: &'static [&'static str]) {
        self.known().only = Some(texts);
    }

    /// Registers the texts and numbers of a value that a peer has issued. Short ones are left out: they are ordinary words.
    pub fn add_values(&self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.add_value(number.to_string()),
            Value::String(text) => self.add_value(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| self.add_values(value)),
            Value::Object(values) => values.values().for_each(|value| self.add_values(value)),
        }
    }

    fn add_value(&self, text: String) {
        if is_searched_in_parts(&text) {
            self.known().add(&Secret::new(text));
        }
    }

    /// `raw` in a form that can be shown.
    #[must_use]
    pub fn clean(&self, raw: &RawText) -> PeerText {
        self.known().clean(raw, &[])
    }

    /// The same for a text of an answer that also has `issued`, as JSON: secrets that are not registered yet.
    #[must_use]
    pub fn clean_beside(&self, raw: &RawText, issued: &str) -> PeerText {
        let bytes = issued.len().min(SEARCHED_FOR + 1);
        let issued = &issued[..issued.floor_char_boundary(bytes)];
        self.known().clean(raw, &[Secret::new(issued.to_owned()), Secret::new(unescaped(issued))])
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn what_the_same_answer_issues_is_not_shown() {
        let escaped: Vec<String> = SECRET.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let escaped = escaped.concat();
        for issued in [SECRET, &escaped] {
            let shown = Shown::default()
                .clean_beside(&RawText::new(&format!("no {SECRET}!")), &format!("{{\"a\":\"{issued}\"}}"));
            assert_eq!(shown.as_str(), "no [redacted]!");
        }
    }

    #[test]
    fn values_are_secrets_and_ordinary_words_are_not() {
        let shown = Shown::default();
        shown.add_values(
            &serde_json::json!({"a": [SECRET], "b": {"user": "postgres"}, "c": 1_234_567_890_123_456_789_u64}),
        );
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
}
