//! Under what an answer is kept: all that was asked.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A digest of all that was asked, from which nothing can be read back.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    provider: &'static str,
    file_name: String,
    early: Duration,
    remembers: bool,
}

impl Key {
    /// Who is asked where nothing is kept.
    pub(super) fn provider(&self) -> &'static str {
        self.provider
    }

    pub(super) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Whether a failure is kept for a moment too.
    pub(super) fn remembers_failures(&self) -> bool {
        self.remembers
    }

    /// How long before its end the answer is renewed.
    pub(super) fn early(&self) -> Duration {
        self.early
    }
}

/// A question in the making: every part of it that could change the answer.
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
    /// A question to `provider`, whose name a warning shows. `kind` begins the file's name, and keeps questions of several
    /// kinds apart.
    #[must_use]
    pub fn new(provider: &'static str, kind: &'static str) -> Self {
        const EARLY: Duration = Duration::from_mins(5);
        Self { provider, kind, digest: Sha256::new(), early: EARLY, remembers: false }
    }

    /// Has the answer renewed `early` before its end, in place of 5 minutes.
    #[must_use]
    pub fn renewed(self, early: Duration) -> Self {
        Self { early, ..self }
    }

    /// Has a refusal, and a provider that could not be reached, kept for 10 seconds: a client that runs this program again
    /// after a failure gets the same answer at once.
    #[must_use]
    pub fn remembering_failures(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// Adds a part. Order counts, and a part that is not given is another question than an empty one.
    pub fn part(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            // What belongs to which is told by the length, whatever the text holds.
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
