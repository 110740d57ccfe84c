//! An error answer of AWS STS.

use std::fmt;

use crate::http::ErrorAnswer;
use crate::secret::{Secret, redact};

pub(super) const PROVIDER: &str = "AWS STS";

/// An error answer's parts, fit to be shown.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) code: Option<String>,
    message: String,
    request_id: Option<String>,
}

impl Answer {
    /// Takes the parts that may be shown, with `secrets` removed where the service repeats them.
    pub(super) fn new(
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
        request_id: Option<&str>,
        secrets: &[&Secret],
    ) -> Self {
        /// A message longer than this is no message of STS.
        const SHOWN: usize = 600;
        let clean = |text: &str| {
            let clean = secrets.iter().fold(text.to_owned(), |text, secret| redact(&text, secret));
            clean.chars().take(SHOWN).collect::<String>()
        };
        Self {
            status,
            code: code.map(clean),
            message: message.map(clean).unwrap_or_default(),
            request_id: request_id.map(clean),
        }
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
    }

    /// Code and message.
    fn words(&self) -> String {
        let code = match &self.code {
            Some(code) => code.clone(),
            None => format!("status {}, without an error code of STS", self.status),
        };
        if self.message.is_empty() { code } else { format!("{code}: {}", self.message) }
    }
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        match &self.request_id {
            Some(id) => format!("{} (request {id})", self.words()),
            None => self.words(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PROVIDER}: {}", self.words())
    }
}
