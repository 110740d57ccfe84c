//! A command line before it is parsed.

use std::ffi::OsString;

/// The words of a command line up to `--`, as they were written. They are not yet known to be a good command line: whatever
/// is read from them must make sense for a bad one too.
///
/// ```
/// use oidc_exchange::cloud::Arguments;
///
/// let words = ["oidc-exchange", "aws", "--env-prefix=A_", "--region", "x", "--", "make", "--region", "y"];
/// let arguments = Arguments::new(&words.map(Into::into));
/// assert_eq!(arguments.value("--env-prefix"), Some("A_"));
/// assert_eq!(arguments.value("--region"), Some("x"));
/// assert!(arguments.runs_command() && !arguments.has("make"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    words: Vec<String>,
    runs_command: bool,
}

impl Arguments {
    /// Of the program's own arguments, its name first.
    #[must_use]
    pub fn new(arguments: &[OsString]) -> Self {
        let words = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
        let mut words: Vec<String> = words.collect();
        let end = words.iter().position(|word| word == "--");
        words.truncate(end.unwrap_or(words.len()));
        Self { words, runs_command: end.is_some() }
    }

    /// Every word.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether `word` is among them.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    /// The value of the first option of that name.
    #[must_use]
    pub fn value(&self, option: &str) -> Option<&str> {
        self.words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix(option) {
            Some("") => self.words.get(index + 1).map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        })
    }

    /// Whether a COMMAND may follow.
    #[must_use]
    pub fn runs_command(&self) -> bool {
        self.runs_command
    }
}
