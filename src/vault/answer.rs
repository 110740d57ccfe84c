//! An error answer of the server's.

use std::fmt;

use serde_json::Value;

use crate::http::ErrorAnswer;

pub(super) const PROVIDER: &str = "Vault";

/// What is asked, and how far it may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The login.
    Login,
    /// Which engine a path is for.
    Preflight,
    /// A read.
    Read,
    /// A write that may make a lease: only repeated where it was surely not received.
    Write,
    /// What concerns the client token itself: renewal, revocation, its policies.
    Token,
}

/// An error answer's parts, fit to be shown. They may hold part of a secret's metadata, so there is no `Debug`.
pub(super) struct Answer {
    /// What was asked.
    pub(super) kind: Kind,
    pub(super) status: u16,
    /// Whether the body has the form of the server's errors.
    pub(super) vaults: bool,
    /// The port speaks TLS, and was spoken to in clear.
    pub(super) clear_text_to_tls: bool,
    pub(super) message: String,
    pub(super) warnings: Vec<String>,
    /// What is known of a deleted version.
    pub(super) data: Option<Value>,
}

impl Answer {
    pub(super) fn says(&self, text: &str) -> bool {
        self.message.contains(text)
    }

    /// The first text in double quotes; empty for none.
    pub(super) fn quoted(&self) -> &str {
        self.message.split('"').nth(1).unwrap_or_default()
    }
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        let mut said = self.status.to_string();
        if !self.message.is_empty() {
            said = format!("{said} {}", self.message);
        }
        self.warnings.iter().fold(said, |said, warning| format!("{said} (warning: {warning})"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PROVIDER}: {}", self.said())
    }
}
