//! The expected outcome of a fault, derived from docs/contract.md and ARCHITECTURE.md, not from observations.

use std::fmt;

use super::steps::{Exchange, Step};

/// What kind of fault it is, as far as the promises tell faults apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Temporary, and was surely not carried out: a refused connection, a name that nobody looked up, a server that
    /// says that it is too busy, sealed or behind (429, 503, 412).
    NotReceived,
    /// A status that means the same, from whoever answers: it may be a proxy.
    Unavailable,
    /// Temporary, and nobody knows whether it was carried out: a connection that broke, another temporary status.
    Broken,
    /// No answer until the time is up.
    Silence,
    /// Slow and whole.
    Slow,
    /// Nothing that another attempt could change: no such name, a bad certificate, a redirect, an answer without end, a
    /// pause that is longer than the time.
    Hopeless,
    /// An answer that is none of the service's: a page, half an answer, other types.
    Garbled,
    /// An answer in the service's form that lacks what was asked for.
    Lacking,
    /// A refusal in the service's own words.
    Refusal,
    /// A signal while the step is under way.
    Signal,
}

/// How often the step's request meets the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Once,
    Always,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With credentials, as if nothing had been.
    Done,
    /// With credentials, after a second request.
    Retried,
    /// With credentials, and a warning.
    Warned,
    /// Without: the time is up.
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

/// The end that is promised.
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
        // It comes after the result, which it must not lose. An interrupted run hands nothing over all the same.
        (Step::Revocation, Kind::Signal, end) => end,
        (Step::Revocation, _, End::TimedOut | End::AtOnce | End::Refused) => End::Warned,
        // A second answer could be a second certificate that nobody would know of.
        (Step::Write, Kind::Broken | Kind::Unavailable, _) | (Step::Write, Kind::Silence, End::Retried) => End::AtOnce,
        // Whether the token is good is what was asked: an issuer that publishes no keys makes it a bad one.
        (_, Kind::Garbled | Kind::Lacking, _) if step.exchange() == Exchange::Verify => End::Refused,
        // In Vault's answers a member may be absent, and that says no: no such mount, no secret. But no login succeeds
        // without a token.
        (Step::Login, Kind::Lacking, end) => end,
        (_, Kind::Lacking, _) if step.exchange() == Exchange::Vault => End::Refused,
        (_, _, end) => end,
    }
}
