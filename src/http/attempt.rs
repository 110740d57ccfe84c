//! One attempt at a call that brought no good answer, and whether it is made again.

use std::fmt;
use std::time::Duration;

use super::Failure;
use super::retry::{Retry, Retryable};

/// A provider's error answer, fit to be shown. It displays as a line of its own that names the provider.
pub trait ErrorAnswer: fmt::Display {
    /// What the report quotes: code, message and request id.
    fn said(&self) -> String;
}

/// One attempt that brought no good answer. The answer may hold part of a secret's metadata, so there is no `Debug`.
pub struct Attempt<A> {
    /// What came instead.
    pub problem: Problem<A>,
    again: bool,
    after: Option<Duration>,
    budget: Option<Duration>,
}

/// What came in place of a good answer.
pub enum Problem<A> {
    /// No answer.
    Transport(Failure),
    /// An error.
    Answered(Box<A>),
    /// Something that is no answer of the provider's.
    Garbled(Garbled),
}

/// An answer that cannot be used.
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
    /// An error answer: whether the same call can end differently by itself, and the server's `Retry-After`.
    pub fn answered(answer: A, again: bool, after: Option<Duration>) -> Self {
        Self { problem: Problem::Answered(Box::new(answer)), again, after, budget: None }
    }

    /// An answer with that status that cannot be used.
    pub fn garbled(status: u16, why: impl Into<String>) -> Self {
        let problem = Problem::Garbled(Garbled { status, why: why.into() });
        Self { problem, again: false, after: None, budget: None }
    }

    /// This attempt, to be made again for no longer than `budget`; unchanged if there is none.
    #[must_use]
    pub fn waited_out(self, budget: Option<Duration>) -> Self {
        Self { again: self.again || budget.is_some(), budget, ..self }
    }

    /// This attempt, not to be made again if the server may have carried out the request.
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
            // More is said after it.
            Problem::Answered(answer) => f.write_str(answer.to_string().trim_end_matches('.')),
            Problem::Garbled(garbled) => garbled.fmt(f),
        }
    }
}
