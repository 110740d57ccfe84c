//! The expected outcome of an attack, derived from docs/contract.md, not from observations.

use std::fmt;

use crate::faults::steps::{Exchange, Step};

/// The kind of an attack's answer, if the guarantees differ for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The requested value, and additional content without an effect.
    Harmless,
    /// A refusal with the service's own text, and more.
    Refusal,
    /// Not an answer of the service.
    Garbled,
    /// The same, with more values than a run's memory allows.
    Crowd,
    /// A redirect, a certificate or a protocol that is never followed, trusted or spoken; bytes that are not HTTP; an
    /// answer that is too large.
    Hopeless,
    /// A connection that broke.
    Broken,
    /// A value in place of the requested one.
    Value(Value),
    /// A name from the server that no variable may have.
    BadName,
    /// A client token that cannot be revoked.
    Kept,
    /// A negative lifetime.
    NoLife,
    /// A lifetime beyond every calendar.
    LongLife,
}

/// The content of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Letters, digits and signs.
    Graphic,
    /// Also spaces, line breaks, control characters or letters outside ASCII.
    Any,
    /// A NUL, which no environment can contain.
    Nul,
    /// Longer than a token, and not longer than an exec allows.
    Large,
    /// Longer than an exec allows.
    TooLarge,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With credentials, complete and unchanged.
    Done,
    /// The same, and a warning.
    Warned,
    /// Without: refused.
    Refused,
    /// Without: the answer cannot be used, and another attempt would not help.
    Unusable,
    /// Without: timeout.
    TimedOut,
    /// Without: they cannot be exported.
    Output,
    /// Whether the token is valid is unknown.
    Untold,
}

impl End {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done | Self::Warned => 0,
            Self::Refused => 4,
            Self::Unusable | Self::TimedOut => 5,
            Self::Output => 6,
            Self::Untold => 7,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "0",
            Self::Warned => "0, warning",
            Self::Refused => "4",
            Self::Unusable => "5",
            Self::TimedOut => "5 at the timeout",
            Self::Output => "6",
            Self::Untold => "7",
        })
    }
}

/// The guaranteed end.
pub(super) fn expected(step: Step, kind: Kind) -> End {
    let exchange = step.exchange();
    let end = match kind {
        Kind::Harmless => End::Done,
        Kind::Refusal => End::Refused,
        // The question is whether the token is valid. If its issuer publishes no keys, it is not.
        Kind::Garbled if exchange == Exchange::Verify => End::Refused,
        Kind::Crowd if exchange == Exchange::Verify => End::Untold,
        // A second answer could be a second certificate that nobody uses.
        Kind::Broken if step == Step::Write => End::Unusable,
        Kind::Broken => End::TimedOut,
        Kind::Kept => End::Warned,
        Kind::BadName => End::Output,
        Kind::Value(value) => of_value(step, value),
        // For Vault, there is no lifetime, or an unlimited one. Google's STS and Entra count seconds. Any number is
        // accepted, and nothing depends on it. For others, it is not a valid time.
        Kind::NoLife | Kind::LongLife
            if exchange == Exchange::Vault || matches!(step, Step::Sts | Step::Assertion | Step::Aks) =>
        {
            End::Done
        }
        Kind::Garbled | Kind::Crowd | Kind::Hopeless | Kind::NoLife | Kind::LongLife => End::Unusable,
    };
    match end {
        // It comes after the result, which must not be lost.
        End::Refused | End::Unusable | End::TimedOut if step == Step::Revocation => End::Warned,
        End::Done | End::Warned | End::Refused | End::Unusable | End::TimedOut | End::Output | End::Untold => end,
    }
}

/// Values are quoted for their shell, for any content. Google's tokens, Azure's, Vault's and a registry's password are
/// used in headers, which allow no space, and have a limited length. AWS's values are limited by an exec. A secret's
/// values are its owner's.
fn of_value(step: Step, value: Value) -> End {
    let exchange = step.exchange();
    let is_password = step.is_password();
    let is_bearer = matches!(exchange, Exchange::Gcp | Exchange::Azure) || step == Step::Login || is_password;
    match value {
        Value::Any | Value::Nul | Value::Large | Value::TooLarge if is_bearer => End::Unusable,
        Value::TooLarge if exchange == Exchange::Aws => End::Unusable,
        Value::Graphic | Value::Any | Value::Large => End::Done,
        Value::Nul | Value::TooLarge => End::Output,
    }
}
