//! The errors of a run: each has an exit code and a report for the user.

use std::fmt;

/// The program's own exit codes (a COMMAND after `--` has its own).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The run succeeded.
    Done = 0,
    /// A bug in this program.
    Bug = 1,
    /// The command line, or an input file, is invalid. Nothing was sent.
    Usage = 2,
    /// No usable subject token was found.
    Subject = 3,
    /// The provider refused the request.
    Refused = 4,
    /// The provider could not be reached, or its errors persisted; or a signal ended the run.
    Unreachable = 5,
    /// The result could not be written.
    Output = 6,
    /// `explain`: the result depends on a value that the token does not show. `token --verify`: this program does not
    /// support the signature's algorithm.
    CannotTell = 7,
}

impl Exit {
    /// All exit codes, in ascending order.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Bug,
        Self::Usage,
        Self::Subject,
        Self::Refused,
        Self::Unreachable,
        Self::Output,
        Self::CannotTell,
    ];

    /// The meaning of the code for the caller, as in the manual and the docs.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Bug => "an error in oidc-exchange itself: please report it",
            Self::Usage => "the command line or an input file is wrong; nothing was sent",
            Self::Subject => "no usable token: missing, not a JWT, or expired",
            Self::Refused => {
                "the provider refused, or would refuse (`explain`); the token is not valid (`token --verify`)"
            }
            Self::Unreachable => "the provider could not be reached or kept failing, or the run was interrupted",
            Self::Output => "the result could not be written",
            Self::CannotTell => {
                "`explain` cannot tell, since the token does not show enough; `token --verify` cannot check this kind of signature"
            }
        }
    }

    /// The code as a number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// An error that ends a run: an exit code and a report for the user.
///
/// Every module has its own error type and converts it to this one (`From`). This module depends on none of them.
///
/// ```
/// use oidc_exchange::error::{Error, Exit, Usage};
///
/// let error = Error::from(Usage::new("--duration: 5m is too short").hint("the shortest is 15m"));
/// assert_eq!(error.exit(), Exit::Usage);
/// assert_eq!(error.to_string(), "--duration: 5m is too short");
/// assert_eq!(error.report().hints, ["the shortest is 15m"]);
/// ```
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    report: Box<Report>,
}

impl Error {
    /// Makes an error of an exit code and a report.
    #[must_use]
    pub fn new(exit: Exit, report: Report) -> Self {
        Self { exit, report: Box::new(report) }
    }

    /// The error of a run that a signal ended before any result was written. `signal` is its name, for example
    /// `SIGTERM`.
    #[must_use]
    pub fn interrupted(signal: &str) -> Self {
        Self::new(Exit::Unreachable, Report::new(format!("interrupted by {signal}; no credentials were returned")))
    }

    /// Adds hints that are printed only with `-v`.
    #[must_use]
    pub fn more(mut self, hints: Vec<String>) -> Self {
        self.report.more.extend(hints);
        self
    }

    /// The exit code of the run.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Puts `subject` and a colon before the title.
    #[must_use]
    pub fn of(mut self, subject: &str) -> Self {
        self.report.title = format!("{subject}: {}", self.report.title);
        self
    }

    /// The report for the user.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report.title)
    }
}

impl std::error::Error for Error {}

impl From<Usage> for Error {
    fn from(usage: Usage) -> Self {
        Self::new(Exit::Usage, Report::new(usage.message).hints(usage.hints))
    }
}

/// The error of an invalid command line, variable or input file. Nothing was sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Usage {
    message: String,
    hints: Vec<String>,
}

impl Usage {
    /// Makes the error. `message` states what is wrong, and contains the value unless it is a secret.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new() }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Puts the option or file that the value came from before the message.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Usage {}

/// The label of the token's claims in a refusal.
pub const PRESENTED: &str = "presented";

/// A provider's refusal, with the facts that explain it.
#[derive(Debug)]
pub struct Refusal {
    /// The provider and what it refused, for example `AWS STS refused the token`.
    pub title: String,
    /// The provider's code, message and request id.
    pub said: String,
    /// What was requested, one line each.
    pub asked: Vec<String>,
    /// The relevant claims of the token, one line each.
    pub presented: Vec<String>,
    /// Hints.
    pub hints: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.said)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let report = Report::new(refusal.title)
            .fact("said", vec![refusal.said])
            .fact("asked for", refusal.asked)
            .fact(PRESENTED, refusal.presented)
            .hints(refusal.hints);
        Self::new(Exit::Refused, report)
    }
}

/// The text of an error: a title, labelled facts, hints.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened, without a full stop.
    pub title: String,
    /// Labels, each with the lines below it.
    pub facts: Vec<(&'static str, Vec<String>)>,
    /// Hints.
    pub hints: Vec<String>,
    /// Hints that are printed only with `-v`.
    pub more: Vec<String>,
}

impl Report {
    /// Makes a report that has only a title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), facts: Vec::new(), hints: Vec::new(), more: Vec::new() }
    }

    /// Adds a fact. A fact without lines is left out.
    #[must_use]
    pub fn fact(mut self, label: &'static str, lines: Vec<String>) -> Self {
        if !lines.is_empty() {
            self.facts.push((label, lines));
        }
        self
    }

    /// The first line of the fact with that label, or an empty text if there is none.
    #[must_use]
    pub fn first(&self, label: &str) -> &str {
        let fact = self.facts.iter().find(|(name, _)| *name == label);
        fact.and_then(|(_, lines)| lines.first()).map_or("", String::as_str)
    }

    /// Adds hints.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }
}
