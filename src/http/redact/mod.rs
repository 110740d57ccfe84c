//! Removes secrets from a text that may hide them.
//!
//! A peer may insert anything between the characters of a secret: spaces, line breaks, dots, characters of another
//! base64 alphabet. So only letters and digits are compared, ignoring case, in runs. Every run that also occurs in a
//! secret is removed.

mod alphabet;
mod escape;
mod forms;
mod letters;
mod packed;
mod places;
mod runs;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::forms::{Found, TELLING};
use self::letters::{Letters, decoded, letters};
pub(super) use self::packed::{from_base64, whole_from_base64};
use self::places::places;
use self::runs::{RUN, Runs};
use crate::secret::Secret;

pub(super) const PLACEHOLDER: &str = "[redacted]";

/// `text` without the runs that also occur in `secrets`, in plain form and in the usual encodings of either.
pub(super) fn redact<'s>(text: &str, secrets: impl IntoIterator<Item = &'s Secret> + Clone) -> String {
    let views = Letters::views(text);
    let mut ranges = Vec::new();
    // Most texts of an answer that went well are too short to give anything away: nothing is made of the secrets for them.
    if !views.is_empty() {
        let found = Found::of(secrets.clone(), &Runs::of(views.iter().map(|view| view.letters.as_slice())));
        ranges.extend(views.iter().flat_map(|view| places(view, &found)));
    }
    ranges.sort_by_key(|range| range.start);
    let text = without(text, &ranges);
    let whole =
        secrets.into_iter().filter(|secret| !secret.reveal().is_empty() && letters(secret.reveal()).len() < TELLING);
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

/// Whether it has enough letters that a part of another text cannot equal it by chance.
pub(super) fn has_a_run(secret: &str) -> bool {
    letters(secret).len() >= RUN
}

/// A text after decoding the escapes in it.
pub(super) fn unescaped(text: &str) -> String {
    decoded(text).into_iter().map(|(c, _)| c).collect()
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
