//! Why a file or directory could not be made, written or used.

use std::fmt;
use std::path::PathBuf;

use crate::error::{self, Exit, Report};

/// A file or directory that cannot be made, written or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which.
    pub path: PathBuf,
    /// What the system said, or what is wrong with it.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    /// A path that cannot be written.
    pub(crate) fn write(path: impl Into<PathBuf>, why: impl fmt::Display) -> Self {
        Self { path: path.into(), why: why.to_string(), hint: None }
    }

    /// What a person reads.
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
