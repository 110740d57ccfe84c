//! An error answer of AWS STS.

use std::fmt;

use crate::http::{ErrorAnswer, PeerText, RawText, Shown};

pub(super) const PROVIDER: &str = "AWS STS";

/// The parts of an error answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Empty if the answer has none.
    pub(super) code: RawText,
    message: RawText,
    /// Code and message.
    words: PeerText,
    request_id: Option<PeerText>,
}

impl Answer {
    pub(super) fn new(
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
        request_id: Option<&str>,
        shown: &Shown,
    ) -> Self {
        let raw = |text: Option<&str>| RawText::new(text.unwrap_or_default());
        let (code, message) = (raw(code), raw(message));
        let mut words = if code.is_empty() {
            RawText::new(&format!("status {status}, without an error code of STS"))
        } else {
            code.clone()
        };
        if !message.is_empty() {
            words = words.then(": ", &message);
        }
        let request_id = request_id.map(|id| shown.clean(&RawText::new(id)));
        Self { status, code, message, words: shown.clean(&words), request_id }
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.message.says(text)
    }

    /// The part that is quoted if a hint has better advice.
    pub(super) fn said_without_advice(&self) -> String {
        let said = self.said();
        let advice = said.find(", please reference ").zip(said.find(" for requirements"));
        match advice {
            Some((start, end)) if start < end => {
                format!("{}{}", &said[..start], &said[end + " for requirements".len()..])
            }
            _ => said,
        }
    }

    /// The part that is quoted for a call about the role `resource`, which the report has in another line.
    pub(super) fn said_without_resource(&self, resource: &str) -> String {
        self.said().replace(&format!(" on resource: {resource}"), "")
    }
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        self.words.with_id("request", self.request_id.as_ref())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PROVIDER}: {}", self.words)
    }
}
