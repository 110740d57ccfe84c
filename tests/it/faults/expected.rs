//! The expected outcome of a fault, derived from docs/contract.md and ARCHITECTURE.md, not from observations.

use std::fmt;

use super::steps::{Exchange, Step};

/// The kind of a fault, if the guarantees differ for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Temporary, and certainly not executed: a refused connection, a failed lookup, or a busy, sealed or outdated
    /// server (429, 503, 412).
    NotReceived,
    /// A status with the same meaning, from any server: it may be a proxy.
    Unavailable,
    /// Temporary, and perhaps executed: a broken connection, or another temporary status.
    Broken,
    /// No answer until the timeout.
    Silence,
    /// Slow and complete.
    Slow,
    /// Another attempt would not help: an unknown name, a bad certificate, a redirect, an endless answer, a pause
    /// longer than the timeout.
    Hopeless,
    /// An answer that is not the service's: an HTML page, half an answer, other types.
    Garbled,
    /// An answer in the service's form without the requested value.
    Lacking,
    /// A refusal with the service's own text.
    Refusal,
    /// A signal during the step.
    Signal,
}

/// The number of the step's requests that meet the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Once,
    Always,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With credentials, as without a fault.
    Done,
    /// With credentials, after a second request.
    Retried,
    /// With credentials, and a warning.
    Warned,
    /// Without: timeout.
    TimedOut,
    /// Without, after one request: not reached, or interrupted.
    AtOnce,
    /// Without, after one request: refused.
    Refused,
}

impl End {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done | Self::Retried | Self::Warned => 0,
            Self::Refused => 4,
            Self::TimedOut | Self::AtOnce => 5,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "0",
            Self::Retried => "0 after a retry",
            Self::Warned => "0, warning",
            Self::TimedOut => "5 at the timeout",
            Self::AtOnce => "5 at once",
            Self::Refused => "4 at once",
        })
    }
}

/// The guaranteed end.
pub(super) fn expected(step: Step, kind: Kind, times: Times) -> End {
    let end = match (kind, times) {
        (Kind::Slow, _) => End::Done,
        // A temporary fault is retried until --timeout.
        (Kind::NotReceived | Kind::Unavailable | Kind::Broken | Kind::Silence, Times::Once) => End::Retried,
        (Kind::NotReceived | Kind::Unavailable | Kind::Broken | Kind::Silence, Times::Always) => End::TimedOut,
        (Kind::Hopeless | Kind::Garbled | Kind::Lacking | Kind::Signal, _) => End::AtOnce,
        // A refusal is not retried.
        (Kind::Refusal, _) => End::Refused,
    };
    match (step, kind, end) {
        // It comes after the result, which must not be lost. An interrupted run still exports nothing.
        (Step::Revocation, Kind::Signal, end) => end,
        (Step::Revocation, _, End::TimedOut | End::AtOnce | End::Refused) => End::Warned,
        // A second answer could be a second certificate that nobody uses.
        (Step::Write, Kind::Broken | Kind::Unavailable, _) | (Step::Write, Kind::Silence, End::Retried) => End::AtOnce,
        // The question is whether the token is valid. If its issuer publishes no keys, it is not.
        (_, Kind::Garbled | Kind::Lacking, _) if step.exchange() == Exchange::Verify => End::Refused,
        // A member may be absent in Vault's answers, if there is no such mount or secret. But a login without a token
        // fails.
        (Step::Login, Kind::Lacking, end) => end,
        (_, Kind::Lacking, _) if step.exchange() == Exchange::Vault => End::Refused,
        (_, _, end) => end,
    }
}
