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

/// A failed attempt. The answer may contain metadata of a secret, so there is no `Debug`.
pub struct Attempt<A> {
    /// What went wrong.
    pub problem: Problem<A>,
    again: bool,
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
}

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer with status {} cannot be used: {}", self.status, self.why)
    }
}

impl<A> Attempt<A> {
    /// An error answer. `again`: whether a retry can succeed. `after`: the server's `Retry-After`.
    pub fn answered(answer: A, again: bool, after: Option<Duration>) -> Self {
        Self { problem: Problem::Answered(Box::new(answer)), again, after, budget: None }
    }

    /// An answer with that status that cannot be parsed.
    pub fn garbled(status: u16, why: impl Into<String>) -> Self {
        let problem = Problem::Garbled(Garbled { status, why: why.into() });
        Self { problem, again: false, after: None, budget: None }
    }

    /// Limits the retries of this attempt to `budget`; unchanged if there is none.
    #[must_use]
    pub fn waited_out(self, budget: Option<Duration>) -> Self {
        Self { again: self.again || budget.is_some(), budget, ..self }
    }

    /// Forbids a retry of this attempt if the server may have executed the request.
    #[must_use]
    pub fn unless_sent(self) -> Self {
        let again = self.again && matches!(&self.problem, Problem::Transport(failure) if failure.is_unsent());
        Self { again, ..self }
    }
}

impl<A> From<Failure> for Attempt<A> {
    fn from(failure: Failure) -> Self {
        Self { problem: Problem::Transport(failure), again: true, after: None, budget: None }
    }
}

impl<A: ErrorAnswer> Retryable for Attempt<A> {
    fn retry(&self) -> Retry {
        match &self.problem {
            Problem::Transport(failure) if self.again => failure.retry(),
            Problem::Answered(_) if self.again => Retry::Again { after: self.after },
            Problem::Transport(_) | Problem::Answered(_) | Problem::Garbled(_) => Retry::Never,
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
