//! The expected outcome of an attack, derived from docs/contract.md, not from observations.

use std::fmt;

use crate::faults::steps::{Exchange, Step};

/// What kind of answer an attack makes, as far as the promises tell answers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What was asked for, and more that must not matter.
    Harmless,
    /// A refusal in the service's own words, and more.
    Refusal,
    /// No answer of the service's.
    Garbled,
    /// The same, and more of it than a run has memory for as values.
    Crowd,
    /// A redirect, a certificate or a protocol that is never followed, trusted or spoken; bytes that are not HTTP; an
    /// answer that is too large.
    Hopeless,
    /// A connection that broke.
    Broken,
    /// A value in place of the one that was asked for.
    Value(Value),
    /// A name of the server's that no variable may have.
    BadName,
    /// A client token that cannot be revoked.
    Kept,
    /// A life below nothing.
    NoLife,
    /// A life beyond every calendar.
    LongLife,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Letters, digits and signs.
    Graphic,
    /// Blanks, line breaks, control characters or letters beyond ASCII, too.
    Any,
    /// A NUL, which no environment can carry.
    Nul,
    /// More than a token has, and not more than one exec can carry.
    Large,
    /// More than one exec can carry.
    TooLarge,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With credentials, whole and as they came.
    Done,
    /// The same, and a warning.
    Warned,
    /// Without: refused.
    Refused,
    /// Without: what came cannot be used, and another attempt would not help.
    Unusable,
    /// Without: the time is up.
    TimedOut,
    /// Without: they cannot be handed over.
    Output,
    /// It cannot be told whether the token is good.
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

/// The end that is promised.
pub(super) fn expected(step: Step, kind: Kind) -> End {
    let exchange = step.exchange();
    let end = match kind {
        Kind::Harmless => End::Done,
        Kind::Refusal => End::Refused,
        // Whether the token is good is what was asked: an issuer that publishes no keys makes it a bad one.
        Kind::Garbled if exchange == Exchange::Verify => End::Refused,
        Kind::Crowd if exchange == Exchange::Verify => End::Untold,
        // A second answer could be a second certificate that nobody would know of.
        Kind::Broken if step == Step::Write => End::Unusable,
        Kind::Broken => End::TimedOut,
        Kind::Kept => End::Warned,
        Kind::BadName => End::Output,
        Kind::Value(value) => of_value(step, value),
        // Vault's means that there is none, or one without end. Google's STS and Entra count seconds, of which no number is
        // wrong, and nothing depends on them. Elsewhere it is no time.
        Kind::NoLife | Kind::LongLife
            if exchange == Exchange::Vault || matches!(step, Step::Sts | Step::Assertion | Step::Aks) =>
        {
            End::Done
        }
        Kind::Garbled | Kind::Crowd | Kind::Hopeless | Kind::NoLife | Kind::LongLife => End::Unusable,
    };
    match end {
        // It comes after the result, which it must not lose.
        End::Refused | End::Unusable | End::TimedOut if step == Step::Revocation => End::Warned,
        End::Done | End::Warned | End::Refused | End::Unusable | End::TimedOut | End::Output | End::Untold => end,
    }
}

/// Values are quoted for their shell, whatever is in them. Google's tokens, Azure's, Vault's and a registry's password go
/// into headers, which take no blank, and are bounded. AWS's are bounded by what an exec can carry, and a secret's are what its owner has put there.
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
