//! Why the result could not be delivered.

use std::fmt;
use std::path::PathBuf;

use crate::error::{self, Exit, Report};
use crate::shell::Name;
use crate::state;

/// Credentials that cannot be delivered. Nothing was delivered.
#[derive(Debug)]
pub enum Error {
    /// A value contains a NUL byte.
    Nul {
        /// Its variable.
        name: Name,
    },
    /// A value contains a line break, which the format does not support.
    LineBreak {
        /// Its variable.
        name: Name,
    },
    /// A line is longer than the format's parsers accept.
    LongLine {
        /// Its variable.
        name: Name,
        /// Whether the value can be written to a file instead.
        by_file: bool,
    },
    /// A value contains characters that dotenv parsers treat differently.
    Dotenv {
        /// Its variable.
        name: Name,
        /// The characters.
        what: &'static str,
        /// Whether the value can be written to a file instead.
        by_file: bool,
    },
    /// A value is too long for an environment.
    TooLong {
        /// Its variable.
        name: Name,
    },
    /// All values together are too long for an environment.
    TooLongTogether {
        /// The total size of all variables, in bytes.
        own: usize,
        /// The limit of the system, in bytes. It includes the existing environment and the arguments.
        limit: usize,
        /// The variable with the longest value.
        longest: Name,
        /// Whether the value can be written to a file instead.
        by_file: bool,
    },
    /// All values together need more memory than a run may use.
    TooMuch,
    /// A value is not a text that `--format raw` prints.
    NotPrintable {
        /// Its variable.
        name: Name,
        /// What it is or holds.
        what: &'static str,
    },
    /// A value is not UTF-8.
    NotText {
        /// Its variable.
        name: Name,
    },
    /// The name is not allowed for a variable.
    Name {
        /// The name.
        name: String,
        /// The reason.
        why: String,
        /// The hint.
        hint: String,
    },
    /// The INI format cannot express a value.
    Ini {
        /// Its key.
        key: String,
        /// The part of the value that a parser would misread.
        why: &'static str,
        /// The hint.
        hint: Option<String>,
    },
    /// A file or directory cannot be written.
    Write(state::Error),
    /// Standard output is closed or broken.
    Stdout {
        /// The operating system's error.
        why: String,
    },
}

impl From<Error> for error::Error {
    fn from(error: Error) -> Self {
        Self::new(Exit::Output, error.report())
    }
}

impl From<state::Error> for Error {
    fn from(error: state::Error) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report().title)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The error that a path cannot be written.
    pub(crate) fn write(path: impl Into<PathBuf>, why: impl std::fmt::Display) -> Self {
        Self::Write(state::Error::write(path, why))
    }

    /// Adds a hint, if the error is about a value for an INI file.
    pub(crate) fn ini_hint(mut self, advice: &str) -> Self {
        if let Self::Ini { hint, .. } = &mut self {
            *hint = Some(advice.to_owned());
        }
        self
    }

    pub(crate) fn report(&self) -> Report {
        match self {
            Self::Nul { name } => {
                Report::new(format!("the value for {name} holds a NUL byte, which no environment can carry"))
            }
            Self::TooLong { name } => Report::new(format!(
                "the value for {name} is longer than 128 KiB, which no command could be started with"
            ))
            .hints([format!("write it to a private file: {name}=path?file#field sets {name} to the file's path")]),
            Self::TooLongTogether { own, limit, longest, by_file } => Report::new(format!(
                "the variables have {} KiB together, and no command could be started with them: its arguments and environment may have {} KiB",
                own >> 10,
                limit >> 10
            ))
            .hints(by_file.then(|| {
                format!("write the longest to private files: {longest}=path?file#field sets {longest} to the file's path")
            })),
            Self::LongLine { name, by_file } => Report::new(format!(
                "the line for {name} is longer than 65,535 bytes, which docker, podman and kubectl do not read"
            ))
            .hints([if *by_file {
                format!("write it to a private file: {name}=path?file#field sets {name} to the file's path")
            } else {
                "write --format env or --format json".into()
            }]),
            Self::Dotenv { name, what, by_file } => Report::new(format!(
                "the value for {name} holds {what}, which readers of dotenv files take in different ways"
            ))
            .hints(
                std::iter::once("write --format env or --format json".to_owned())
                    .chain(by_file.then(|| format!("or write it to a private file: {name}=path?file#field"))),
            ),
            Self::TooMuch => Report::new("the values together are larger than one run supports")
                .hints(["ask for fewer or smaller ones in one run".into()]),
            Self::NotPrintable { name, what } => {
                Report::new(format!("the value for {name} {what}, and --format raw prints only text")).hints([format!(
                    "write it to a private file: without --format raw, {name}=path?base64&file#field sets {name} to the file's path"
                )])
            }
            Self::NotText { name } => {
                Report::new(format!("the value for {name} is not text, which no environment can carry")).hints([
                    format!("write it to a private file: {name}=path?base64&file#field sets {name} to the file's path"),
                ])
            }
            Self::Name { name, why, hint } => {
                let name = if name.is_empty() { "\"\"" } else { name.as_str() };
                Report::new(format!("no variable can be named {name}: {why}")).hints([hint.clone()])
            }
            Self::LineBreak { name } => {
                Report::new(format!("the value for {name} holds a line break, which this format cannot carry"))
                    .hints(["use --format env or --format json".into()])
            }
            Self::Ini { key, why, hint } => {
                Report::new(format!("the value for {key} {why}, which an INI file cannot hold")).hints(hint.clone())
            }
            Self::Write(error) => error.report(),
            Self::Stdout { why } => Report::new(format!("cannot write to standard output: {why}")),
        }
    }
}
