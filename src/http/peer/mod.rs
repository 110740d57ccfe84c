//! Text from a peer, and the only way to show it.
//!
//! Text from a peer is a [`RawText`], which cannot be printed. [`Shown::clean`] converts it to a [`PeerText`], which
//! can. It removes invisible characters and the secrets that the peer has received, and shortens the text. Invisible
//! characters are removed first: otherwise their removal could reveal a secret.

mod raw_text;
mod shown;
#[cfg(test)]
mod tests;

use std::fmt;

pub use raw_text::{RawText, RawTexts};
pub use shown::Shown;

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
