//! The encodings of secrets, as far as they can occur in a text.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::letters::letters;
use super::runs::{RUN, Runs, runs};
use crate::secret::Secret;

/// A secret with fewer letters and digits is searched as a whole: parts of it occur in ordinary words.
pub(super) const TELLING: usize = 16;

/// What a text may have of the secrets.
#[derive(Default)]
pub(super) struct Found {
    /// The runs of both.
    pub(super) runs: HashSet<u64>,
    /// The secrets that are searched as a whole, in each encoding.
    pub(super) whole: Vec<Vec<u8>>,
}

impl Found {
    pub(super) fn of<'s>(secrets: impl IntoIterator<Item = &'s Secret>, text: &Runs) -> Self {
        let mut found = Self::default();
        for form in secrets.into_iter().flat_map(Form::all) {
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
pub(super) fn hexadecimal(bytes: &[u8], before: &str) -> String {
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
