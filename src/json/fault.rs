//! Why a text was refused.

use std::fmt;

/// Why a text was refused.
#[derive(Debug)]
pub enum Fault {
    /// An object has this name twice; the position is that of the second one.
    Twice {
        /// The name.
        name: String,
        /// Starts at 1.
        line: usize,
        /// In bytes; starts at 1.
        column: usize,
    },
    /// It is not valid JSON; the parser's reason.
    NotJson(serde_json::Error),
    /// Its values need more memory than is allowed.
    TooLarge,
}

impl Fault {
    /// A hint for a duplicate name. `None` for invalid JSON, for which each caller has its own hint.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Twice { .. } => Some("remove one of the two: readers differ in which of them they take"),
            Self::NotJson(_) | Self::TooLarge => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice { name, line, column } => {
                write!(f, "`{name}` is there twice in one object, at line {line} column {column}")
            }
            Self::NotJson(error) if error.is_eof() => {
                write!(f, "not JSON: it ends too early, at line {} column {}", error.line(), error.column())
            }
            Self::NotJson(error) => write!(f, "not JSON: {error}"),
            Self::TooLarge => f.write_str("its values take too much memory"),
        }
    }
}

impl std::error::Error for Fault {}
