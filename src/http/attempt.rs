//! A failed attempt at a call, and whether it is retried.

use std::fmt;
use std::time::Duration;

use super::Failure;
use super::retry::{Retry, Retryable};

/// A provider's error answer in a form that can be shown. Its display is one line that names the provider.
pub trait ErrorAnswer: fmt::Display {
    /// The part that the report quotes: code, message and request id.
    fn said(&self) -> String;
}

/// Whether a call is made again after an error answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is not.
    Never,
    /// It is, after a short pause.
    Soon,
    /// It is, after pauses that leave the server room: too many callers ask it.
    Throttled,
}

impl Again {
    /// This one, if the call is made again at all or `wanted` is false; otherwise soon.
    #[must_use]
    pub fn or_soon_if(self, wanted: bool) -> Self {
        if wanted && self == Self::Never { Self::Soon } else { self }
    }

    /// This one, if `allowed`; otherwise never.
    #[must_use]
    pub fn only_if(self, allowed: bool) -> Self {
        if allowed { self } else { Self::Never }
    }
}

/// A failed attempt. The answer may contain metadata of a secret, so there is no `Debug`.
pub struct Attempt<A> {
    /// What went wrong.
    pub problem: Problem<A>,
    again: Again,
    after: Option<Duration>,
    budget: Option<Duration>,
}

/// What came in place of a successful answer.
pub enum Problem<A> {
    /// There was no answer.
    Transport(Failure),
    /// The provider returned an error.
    Answered(Box<A>),
    /// The answer does not have the provider's format.
    Garbled(Garbled),
}

/// An answer that cannot be parsed.
pub struct Garbled {
    status: u16,
    why: String,
    /// What to do about it, if the provider sent the answer.
    pub(super) hint: Option<&'static str>,
}

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer with status {} cannot be used: {}", self.status, self.why)
    }
}

impl<A> Attempt<A> {
    /// An error answer. `again`: whether a retry can succeed, and after which kind of pause. `after`: the server's `Retry-After`.
    pub fn answered(answer: A, again: Again, after: Option<Duration>) -> Self {
        Self { problem: Problem::Answered(Box::new(answer)), again, after, budget: None }
    }

    /// An answer with that status that cannot be parsed.
    pub fn garbled(status: u16, why: impl Into<String>) -> Self {
        let problem = Problem::Garbled(Garbled { status, why: why.into(), hint: None });
        Self { problem, again: Again::Never, after: None, budget: None }
    }

    /// The same for an answer of the provider's own that has another form, with a hint.
    pub fn unusable(status: u16, why: impl Into<String>, hint: &'static str) -> Self {
        let problem = Problem::Garbled(Garbled { status, why: why.into(), hint: Some(hint) });
        Self { problem, again: Again::Never, after: None, budget: None }
    }

    /// Limits the retries of this attempt to `budget`; unchanged if there is none.
    #[must_use]
    pub fn waited_out(self, budget: Option<Duration>) -> Self {
        Self { again: self.again.or_soon_if(budget.is_some()), budget, ..self }
    }

    /// Forbids a retry of this attempt if the server may have executed the request.
    #[must_use]
    pub fn unless_sent(self) -> Self {
        let unsent = matches!(&self.problem, Problem::Transport(failure) if failure.is_unsent());
        Self { again: self.again.only_if(unsent), ..self }
    }
}

impl<A> From<Failure> for Attempt<A> {
    fn from(failure: Failure) -> Self {
        Self { problem: Problem::Transport(failure), again: Again::Soon, after: None, budget: None }
    }
}

impl<A: ErrorAnswer> Retryable for Attempt<A> {
    fn retry(&self) -> Retry {
        match (&self.problem, self.again) {
            (_, Again::Never) | (Problem::Garbled(_), _) => Retry::Never,
            (Problem::Transport(failure), _) => failure.retry(),
            (Problem::Answered(_), Again::Soon) => Retry::Again { after: self.after },
            (Problem::Answered(_), Again::Throttled) => Retry::Throttled { after: self.after },
        }
    }

    fn budget(&self) -> Option<Duration> {
        self.budget
    }
}

impl<A: ErrorAnswer> fmt::Display for Attempt<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Transport(failure) => failure.fmt(f),
            // More text follows.
            Problem::Answered(answer) => f.write_str(answer.to_string().trim_end_matches('.')),
            Problem::Garbled(garbled) => garbled.fmt(f),
        }
    }
}
