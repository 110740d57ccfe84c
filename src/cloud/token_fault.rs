//! What can be wrong with a token for every cloud, and what a cloud does then.

use std::borrow::Cow;

/// What is wrong with a token, or with what its issuer publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault<'t> {
    /// The token names no issuer that a cloud could have been told of.
    NoIssuer,
    /// Its issuer's address is one of plain http.
    IssuerInClear,
    /// The issuer's discovery document is not there, or is not one.
    NoDiscovery,
    /// A list that the document must have is missing.
    NoList,
    /// The document does not list the token's algorithm.
    UnlistedAlgorithm(&'t str),
    /// The issuer's keys cannot be read.
    NoKeys,
    /// The token's key is not among them.
    KeyNotPublished,
    /// The token does not name its key.
    NoKeyNamed,
    /// Its key is among them, and did not sign the token.
    WrongSignature,
    /// No published key makes signatures of that algorithm.
    UnsoundAlgorithm(&'t str),
    /// The token's time is over.
    Expired,
    /// Its time is over, by less than clocks may differ.
    JustExpired,
    /// It was issued more than a day ago.
    TooOld,
    /// It is issued in the future.
    IssuedLater,
    /// Its time has not begun.
    NotYetValid,
    /// It does not tell when it was issued, or until when it is good.
    NoTime,
    /// One of its times is no whole number.
    OddTime,
    /// It has no subject.
    NoSubject,
    /// It has no audience.
    NoAudience,
}

/// What a cloud does with a token that has a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing, as far as is known.
    Ignores,
    /// It refuses the token, in words that are not known.
    Refuses,
    /// It refuses the token in these words.
    Says(Cow<'static, str>),
}

impl Reaction {
    /// In these words.
    #[must_use]
    pub const fn says(words: &'static str) -> Self {
        Self::Says(Cow::Borrowed(words))
    }
}
