//! Parses an error answer of the server.

use std::fmt;

use serde_json::Value;

use crate::http::{ErrorAnswer, PeerText, RawText, RawTexts, Shown};

pub(super) const PROVIDER: &str = "Vault";

/// The kind of a request, which determines whether it may be retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The login.
    Login,
    /// The question which engine a path is for.
    Preflight,
    /// A read.
    Read,
    /// A write that may create a lease. It is repeated only if the server certainly did not receive it.
    Write,
    /// A call about the client token itself: renewal, revocation, its policies.
    Token,
}

/// The parts of an error answer. They may contain metadata of a secret, so there is no `Debug`.
pub(super) struct Answer {
    /// The kind of the request.
    pub(super) kind: Kind,
    pub(super) status: u16,
    /// Whether the body has the format of the server's errors.
    pub(super) vaults: bool,
    /// The port requires TLS, and the request was plain HTTP.
    pub(super) clear_text_to_tls: bool,
    message: RawText,
    warnings: RawText,
    /// The requested version, if it is deleted.
    pub(super) gone: Option<Gone>,
    /// The claim that the message names in double quotes; empty if there is none.
    pub(super) claim: PeerText,
    said: PeerText,
}

/// A deleted version of a KV v2 secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) number: u64,
    /// The time of deletion, as the server writes it.
    pub(super) at: PeerText,
    /// Whether it was destroyed, so that it cannot be restored.
    pub(super) destroyed: bool,
}

/// The parsed body of an error.
pub(super) struct Body {
    pub(super) clear_text_to_tls: bool,
    pub(super) errors: Option<RawTexts>,
    pub(super) warnings: Option<RawTexts>,
    pub(super) data: Option<Value>,
}

/// The server's answer to plain HTTP on a TLS port.
pub(super) const CLEAR_TEXT_TO_TLS: &str = "Client sent an HTTP request to an HTTPS server.";

impl Answer {
    pub(super) fn new(kind: Kind, status: u16, body: Body, shown: &Shown) -> Self {
        let Body { clear_text_to_tls, errors, warnings, data } = body;
        let vaults = errors.is_some() || data.is_some() || warnings.is_some();
        let message =
            if clear_text_to_tls { RawText::new(CLEAR_TEXT_TO_TLS) } else { errors.unwrap_or_default().joined("; ") };
        let warnings = warnings.unwrap_or_default().joined("; ");
        let mut said = RawText::new(&status.to_string());
        if !message.is_empty() {
            said = said.then(" ", &message);
        }
        if !warnings.is_empty() {
            said = said.then(" (warning: ", &warnings).then(")", &RawText::default());
        }
        let quoted = RawText::new(message.unclean().split('"').nth(1).unwrap_or_default());
        Self {
            kind,
            status,
            vaults,
            clear_text_to_tls,
            gone: data.as_ref().and_then(|data| data.get("metadata")).map(|metadata| Gone::read(metadata, shown)),
            claim: shown.clean(&quoted),
            said: shown.clean(&said),
            message,
            warnings,
        }
    }

    pub(super) fn says(&self, words: &str) -> bool {
        self.message.says(words)
    }

    pub(super) fn warns(&self, words: &str) -> bool {
        self.warnings.says(words)
    }

    /// Whether the message consists only of these words.
    pub(super) fn only_says(&self, words: &str) -> bool {
        self.message.unclean() == words
    }
}

impl Gone {
    fn read(metadata: &Value, shown: &Shown) -> Self {
        Self {
            number: metadata.get("version").and_then(Value::as_u64).unwrap_or_default(),
            at: shown.clean(&RawText::of(metadata.get("deletion_time").unwrap_or_default())),
            destroyed: metadata.get("destroyed").and_then(Value::as_bool) == Some(true),
        }
    }
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        self.said.to_string()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The reason is behind the steps that led to it, and a warning has only the beginning.
        let said = self.said.to_string().replace("error validating token: ", "");
        write!(f, "{PROVIDER}: {}", said.replace("error verifying token signature: ", ""))
    }
}
