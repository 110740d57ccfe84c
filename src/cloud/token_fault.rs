//! Faults of a token that concern every cloud, and how a cloud reacts to each.

use std::borrow::Cow;

/// A fault of a token, or of the documents that its issuer publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault<'t> {
    /// The token has no issuer, or one that no cloud accepts.
    NoIssuer,
    /// The issuer's address uses plain HTTP.
    IssuerInClear,
    /// The issuer's discovery document is missing or invalid.
    NoDiscovery,
    /// The discovery document lacks a required list.
    NoList,
    /// The document does not list the token's algorithm.
    UnlistedAlgorithm(&'t str),
    /// The issuer's keys cannot be read.
    NoKeys,
    /// The issuer's keys do not include the token's key.
    KeyNotPublished,
    /// The token does not name its key.
    NoKeyNamed,
    /// The issuer's keys include the token's key, but it did not sign the token.
    WrongSignature,
    /// No published key makes signatures of that algorithm.
    UnsoundAlgorithm(&'t str),
    /// The token has expired.
    Expired,
    /// The token has expired, but by less than the tolerated clock difference.
    JustExpired,
    /// It was issued more than a day ago.
    TooOld,
    /// Its time of issue is in the future.
    IssuedLater,
    /// It is not valid yet.
    NotYetValid,
    /// It lacks the time of issue or the time of expiry.
    NoTime,
    /// One of its times is not an integer.
    OddTime,
    /// It has no subject.
    NoSubject,
    /// It has no audience.
    NoAudience,
}

/// How a cloud reacts to a token with a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It accepts the token, as far as is known.
    Ignores,
    /// It refuses the token; its message is not known.
    Refuses,
    /// It refuses the token with this message.
    Says(Cow<'static, str>),
}

impl Reaction {
    /// A refusal with this message.
    #[must_use]
    pub const fn says(words: &'static str) -> Self {
        Self::Says(Cow::Borrowed(words))
    }
}
