//! The errors of this module.

use std::fmt;
use std::path::PathBuf;

use crate::error::{self, Exit, Report};

/// A file or directory could not be created, written or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Its path.
    pub path: PathBuf,
    /// The operating system's reason, or the fault.
    pub why: String,
    /// A hint.
    pub hint: Option<String>,
}

impl Error {
    /// The error that a path cannot be written.
    pub(crate) fn write(path: impl Into<PathBuf>, why: impl fmt::Display) -> Self {
        Self { path: path.into(), why: why.to_string(), hint: None }
    }

    /// The report for the user.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::new(self.to_string()).hints(self.hint.clone())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Error {}

impl From<Error> for error::Error {
    fn from(error: Error) -> Self {
        Self::new(Exit::Output, error.report())
    }
}
