//! The secrets of a run, and the removal of them from a peer's text.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::PeerText;
use super::raw_text::{KEPT, RawText};
use crate::http::redact::{
    PLACEHOLDER, from_base64, has_a_run, is_searched_in_parts, redact, redact_all, unescaped, whole_from_base64,
};
use crate::secret::Secret;
use crate::text::printable;

/// The most characters that are searched for secrets and shown.
const SEARCHED: usize = 4 << 10;
pub(super) const LENGTH: usize = 600;

/// The secrets that were sent to or received from a client's peers. Any later answer could contain them.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
pub(super) struct Known {
    secrets: Vec<Secret>,
    /// The length of all secrets.
    bytes: usize,
    /// The only texts that are shown, if there are more secrets that are not known here.
    only: Option<&'static [&'static str]>,
    /// The bytes of secrets that were compared with a text, of all texts together.
    pub(super) compared: usize,
    /// The last text, and how it is shown: many answers of a run have the same one.
    last: Option<(String, PeerText)>,
}

/// The most bytes of secrets that texts are searched for. A search for more takes too long, so with more no text is
/// shown.
pub(super) const SEARCHED_FOR: usize = 256 << 10;

/// The most bytes of secrets that are compared in a run, which takes about two seconds. After them, no other text is
/// shown.
pub(super) const COMPARED: usize = 64 << 20;

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
        // One search for all of them: a place that one secret hides may divide another.
        let clean = redact(&searched, self.secrets.iter().chain(beside));
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
        // A reader may decode it. With a longer one, no text is shown.
        let decoded = Some(&text).filter(|text| text.len() <= SEARCHED_FOR).and_then(|text| whole_from_base64(text));
        for form in decoded.into_iter().chain([text]) {
            if is_searched_in_parts(&form) {
                self.known().add(&Secret::new(form));
            }
        }
    }

    /// `raw` in a form that can be shown.
    #[must_use]
    pub fn clean(&self, raw: &RawText) -> PeerText {
        self.known().clean(raw, &[])
    }

    /// The same for a text of an answer that also has `issued`, as JSON or XML: secrets that are not registered yet.
    /// Its readers may decode base64. A text that is a part of it is hidden, because the secret may be a short one.
    #[must_use]
    pub fn clean_beside(&self, raw: &RawText, issued: &str) -> PeerText {
        let bytes = issued.len().min(SEARCHED_FOR + 1);
        let issued = &issued[..issued.floor_char_boundary(bytes)];
        let mut forms = vec![unescaped(issued)];
        forms.extend(from_base64(&forms[0]));
        forms.push(issued.to_owned());
        if !raw.is_empty() && forms.iter().any(|form| form.contains(raw.unclean())) {
            return PeerText::ours(PLACEHOLDER);
        }
        // Most words of an answer are not base64, and have a decoded form of few letters.
        let issued: Vec<Secret> = forms.into_iter().filter(|form| has_a_run(form)).map(Secret::new).collect();
        self.known().clean(raw, &issued)
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
