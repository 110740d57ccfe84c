//! Parses an error of Google, in either of its two formats.

use std::fmt;

use serde_json::Value;

use crate::http::{ErrorAnswer, PeerText, RawText, Response, Shown};
use crate::json;

/// The calls of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Exchanges the subject token for a federated token.
    Sts,
    /// Exchanges the federated token for a service account's access token.
    AccessToken,
    /// Exchanges the federated token for a service account's ID token.
    IdToken,
}

impl Step {
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Sts => "Google STS",
            Self::AccessToken | Self::IdToken => "Google IAM Credentials",
        }
    }

    /// The option that sets the address of the service.
    pub(super) fn endpoint_option(self) -> &'static str {
        match self {
            Self::Sts => "--sts-endpoint",
            Self::AccessToken | Self::IdToken => "--iamcredentials-endpoint",
        }
    }
}

/// The parts of an error answer.
pub(super) struct Answer {
    pub(super) step: Step,
    pub(super) status: u16,
    /// For example `invalid_grant` or `PERMISSION_DENIED`; empty if the body is not an error of Google.
    pub(super) code: RawText,
    /// The reason in an `ErrorInfo`, for example `IAM_PERMISSION_DENIED` or `SERVICE_DISABLED`; empty if there is
    /// none.
    pub(super) reason: RawText,
    message: RawText,
    /// Code, reason and message.
    words: PeerText,
    /// The same, with only the first sentence of the message.
    first: PeerText,
    request_id: Option<PeerText>,
}

impl Answer {
    /// Parses an error answer. A text that is not an error of Google is not shown, because it may contain anything.
    pub(super) fn read(step: Step, response: &Response, shown: &Shown) -> Self {
        // A larger answer is not an error of Google.
        let body = json::parse_within(&response.body, &mut (1 << 20)).unwrap_or_default();
        let status = RawText::new(&format!("status {}", response.status));
        let (code, message, reason) = match &body["error"] {
            // The format of RFC 6749, section 5.2, which RFC 8693 uses.
            code @ Value::String(_) => (RawText::of(code), RawText::of(&body["error_description"]), RawText::default()),
            // The format of <https://google.aip.dev/193>: of all other services, and of STS with a 5xx status.
            error @ Value::Object(_) => {
                let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
                let reasons = details.iter().map(|detail| RawText::of(&detail["reason"]));
                let code = Some(RawText::of(&error["status"])).filter(|code| !code.is_empty());
                (
                    code.unwrap_or_else(|| status.clone()),
                    RawText::of(&error["message"]),
                    reasons.into_iter().find(|reason| !reason.is_empty()).unwrap_or_default(),
                )
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Default::default(),
        };
        let mut words = match (code.is_empty(), reason.is_empty()) {
            (true, _) => status.then(", without an error of Google's", &RawText::default()),
            (false, true) => code.clone(),
            // `IAM_PERMISSION_DENIED` contains the code.
            (false, false) if reason.says(code.unclean()) => reason.clone(),
            (false, false) => code.clone().then(" ", &reason),
        };
        if !message.is_empty() {
            words = words.then(": ", &message);
        }
        let first = shown.clean(&words.first_sentence());
        let words = shown.clean(&words);
        let request_id = response.request_id().map(|id| shown.clean(&id));
        Self { step, status: response.status, code, reason, message, words, first, request_id }
    }

    /// The part that is quoted if the error has hints: Google adds the same advice to many errors.
    pub(super) fn said_briefly(&self) -> String {
        self.first.with_id("request", self.request_id.as_ref())
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.message.says(text)
    }
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        self.words.with_id("request", self.request_id.as_ref())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step.provider(), self.words)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::secret::Secret;

    fn read(status: u16, body: &str) -> Answer {
        let shown = Shown::default();
        shown.add(&Secret::new("hunter2".into()));
        Answer::read(Step::Sts, &Response::new(status, HeaderMap::new(), body.into()), &shown)
    }

    #[test]
    fn both_forms_are_read() {
        let sts = read(400, r#"{"error":"invalid_grant","error_description":"ID Token hunter2 is stale to sign-in."}"#);
        assert_eq!(sts.said(), "invalid_grant: ID Token [redacted] is stale to sign-in.");
        let api = read(
            403,
            r#"{"error":{"code":403,"message":"No.","status":"PERMISSION_DENIED","details":[
                {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED","domain":"d"}]}}"#,
        );
        assert_eq!(api.said(), "IAM_PERMISSION_DENIED: No.");
        let down = read(503, r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#);
        assert_eq!(down.said(), "UNAVAILABLE");
        assert_eq!(read(500, r#"{"error":{"code":500}}"#).said(), "status 500");
    }

    #[test]
    fn what_is_no_error_of_googles_is_not_shown() {
        for body in ["", "<html>hunter2</html>", "{}", "[]", r#"{"error":3}"#, r#"{"error":["hunter2"]}"#] {
            assert_eq!(read(502, body).said(), "status 502, without an error of Google's", "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body: Vec<u8>, status: u16) {
            let _ = Answer::read(Step::Sts, &Response::new(status, HeaderMap::new(), body), &Shown::default()).said();
        }
    }
}
