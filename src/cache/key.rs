//! The key under which an answer is kept: the whole request.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A digest of the whole request. The request cannot be restored from it.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    provider: &'static str,
    file_name: String,
    early: Duration,
    remembers: bool,
}

impl Key {
    /// The provider that is called if nothing is kept.
    pub(super) fn provider(&self) -> &'static str {
        self.provider
    }

    pub(super) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Whether failures are also kept for a short time.
    pub(super) fn remembers_failures(&self) -> bool {
        self.remembers
    }

    /// How long before its expiry the answer is renewed.
    pub(super) fn early(&self) -> Duration {
        self.early
    }
}

/// Collects the parts of a request that could change the answer.
///
/// ```
/// use oidc_exchange::cache::Question;
///
/// let key = |role: &str| {
///     let mut question = Question::new("AWS STS", "aws");
///     question.part("role", role);
///     question.key()
/// };
/// assert_eq!(key("deploy"), key("deploy"));
/// assert_ne!(key("deploy"), key("read"));
/// ```
pub struct Question {
    provider: &'static str,
    kind: &'static str,
    digest: Sha256,
    early: Duration,
    remembers: bool,
}

impl Question {
    /// A request to `provider`, which is its name in warnings. `kind` is the start of the file's name, and
    /// distinguishes kinds of requests.
    #[must_use]
    pub fn new(provider: &'static str, kind: &'static str) -> Self {
        const EARLY: Duration = Duration::from_mins(5);
        Self { provider, kind, digest: Sha256::new(), early: EARLY, remembers: false }
    }

    /// Sets how long before its expiry the answer is renewed; the default is 5 minutes.
    #[must_use]
    pub fn renewed(self, early: Duration) -> Self {
        Self { early, ..self }
    }

    /// Keeps failures for 10 seconds: refusals, and a provider that could not be reached. A client that runs this
    /// program again gets the same error at once.
    #[must_use]
    pub fn remembering_failures(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// Adds a part. The order matters, and a missing part differs from an empty one.
    pub fn part(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            // The lengths separate the parts, for any texts.
            self.digest.update(text.len().to_le_bytes());
            self.digest.update(text);
        }
    }

    /// The key.
    #[must_use]
    pub fn key(self) -> Key {
        let digest = URL_SAFE_NO_PAD.encode(self.digest.finalize());
        let file_name = format!("{}-{digest}.cache", self.kind);
        Key { provider: self.provider, file_name, early: self.early, remembers: self.remembers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_cannot_be_taken_for_something_else() {
        let key = |parts: &[(&str, &str)]| {
            let mut question = Question::new("x", "x");
            for (name, value) in parts {
                question.part(name, value);
            }
            question.key()
        };
        let questions: [&[(&str, &str)]; 6] =
            [&[], &[("a", "")], &[("a", "b")], &[("ab", "")], &[("", "ab")], &[("a", "b"), ("", "")]];
        for (index, one) in questions.iter().enumerate() {
            assert!(questions[..index].iter().all(|other| key(other) != key(one)), "{one:?}");
        }
    }
}
