//! Every way a run can end badly: its exit code, and what a person reads.

use std::fmt;

/// The program's own exit codes (a COMMAND after `--` has its own).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A bug in this program.
    Bug = 1,
    /// The command line, or an input file, is wrong; nothing was sent.
    Usage = 2,
    /// No usable subject token here.
    Subject = 3,
    /// The provider refused.
    Refused = 4,
    /// The provider could not be reached or kept failing; or the run was interrupted.
    Unreachable = 5,
    /// The result could not be written.
    Output = 6,
    /// `explain` cannot tell: the rule turns on something that the token does not show. `token --verify` cannot: the
    /// signature is of a kind that is not checked here.
    CannotTell = 7,
}

impl Exit {
    /// All of them, in order.
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

    /// What it tells the caller, as the manual and the README have it.
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

    /// The number itself.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Why there are no credentials: an exit code and what a person reads.
///
/// Every module has errors of its own, and turns them into this one (`From`); nothing here knows of them.
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
    /// An end with that exit code, told by that report.
    #[must_use]
    pub fn new(exit: Exit, report: Report) -> Self {
        Self { exit, report: Box::new(report) }
    }

    /// A run that a signal ended before anything was handed out; `signal` is its name, such as `SIGTERM`.
    #[must_use]
    pub fn interrupted(signal: &str) -> Self {
        Self::new(Exit::Unreachable, Report::new(format!("interrupted by {signal}; no credentials were returned")))
    }

    /// The same, with what else can be done, which `-v` alone shows.
    #[must_use]
    pub fn more(mut self, hints: Vec<String>) -> Self {
        self.report.more.extend(hints);
        self
    }

    /// The exit code that stands for this end.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The same, with what it is about before it.
    #[must_use]
    pub fn of(mut self, subject: &str) -> Self {
        self.report.title = format!("{subject}: {}", self.report.title);
        self
    }

    /// What to tell the person whose job this is.
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

/// A command line, a variable or an input file that cannot be meant. Nothing was sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Usage {
    message: String,
    hints: Vec<String>,
}

impl Usage {
    /// `message` says what is wrong, with the value where it is not a secret.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new() }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says before it where it was written.
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

/// A provider's no, with what explains it.
#[derive(Debug)]
pub struct Refusal {
    /// Who refused what: `AWS STS refused the token`.
    pub title: String,
    /// The provider's code, message and request id.
    pub said: String,
    /// What was asked for, a line each.
    pub asked: Vec<String>,
    /// What the token presents, a line each.
    pub presented: Vec<String>,
    /// What to do about it.
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
            .fact("presented", refusal.presented)
            .hints(refusal.hints);
        Self::new(Exit::Refused, report)
    }
}

/// An error as a person reads it: a title, labelled facts, hints.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened, without a full stop.
    pub title: String,
    /// Labelled lines below it.
    pub facts: Vec<(&'static str, Vec<String>)>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// What else can be done, which `-v` alone shows.
    pub more: Vec<String>,
}

impl Report {
    /// A report that is only a title so far.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), facts: Vec::new(), hints: Vec::new(), more: Vec::new() }
    }

    /// Adds a fact; one without lines is left out.
    #[must_use]
    pub fn fact(mut self, label: &'static str, lines: Vec<String>) -> Self {
        if !lines.is_empty() {
            self.facts.push((label, lines));
        }
        self
    }

    /// The first line of the fact with that label; empty where there is none.
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
