//! An error of Google's, in either of its two forms.

use std::fmt;

use serde_json::Value;

use crate::http::{ErrorAnswer, Response};
use crate::secret::{Secret, redact};

/// The calls of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The subject token for a federated token.
    Sts,
    /// That for a service account's access token.
    AccessToken,
    /// Or for its ID token.
    IdToken,
}

impl Step {
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Sts => "Google STS",
            Self::AccessToken | Self::IdToken => "Google IAM Credentials",
        }
    }

    /// The option that leads elsewhere.
    pub(super) fn endpoint_option(self) -> &'static str {
        match self {
            Self::Sts => "--sts-endpoint",
            Self::AccessToken | Self::IdToken => "--iamcredentials-endpoint",
        }
    }
}

/// An error answer's parts, fit to be shown.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) step: Step,
    pub(super) status: u16,
    /// `invalid_grant`, `PERMISSION_DENIED`; none where the body is not an error of Google's.
    pub(super) code: Option<String>,
    pub(super) message: String,
    /// `IAM_PERMISSION_DENIED`, `SERVICE_DISABLED`: the reason in an `ErrorInfo`.
    pub(super) reason: Option<String>,
    request_id: Option<String>,
}

impl Answer {
    /// Reads an error answer; `secrets` are removed where the service repeats them. What is no error of Google's is
    /// kept out: it may hold anything.
    pub(super) fn read(step: Step, response: &Response, secrets: &[&Secret]) -> Self {
        /// A message longer than this is no message of Google's.
        const SHOWN: usize = 600;
        let clean = |text: &str| {
            let text = secrets.iter().fold(text.to_owned(), |text, secret| redact(&text, secret));
            text.chars().take(SHOWN).collect::<String>()
        };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let text = |value: &Value| clean(value.as_str().unwrap_or_default());
        let filled = |value: &Value| Some(text(value)).filter(|text| !text.is_empty());
        let (code, message, reason) = match &body["error"] {
            // RFC 6749, section 5.2, as RFC 8693 takes it over.
            Value::String(_) => (filled(&body["error"]), text(&body["error_description"]), None),
            // <https://google.aip.dev/193>: every other service's form, and under 5xx that of STS too.
            Value::Object(error) => {
                let code = error.get("status").and_then(filled);
                let details = error.get("details").and_then(Value::as_array);
                let reason = details.and_then(|details| details.iter().find_map(|detail| filled(&detail["reason"])));
                let message = error.get("message").map(text).unwrap_or_default();
                (code.or_else(|| Some(format!("status {}", response.status))), message, reason)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => (None, String::new(), None),
        };
        let request_id = response.request_id().map(clean);
        Self { step, status: response.status, code, message, reason, request_id }
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
    }

    /// Code, reason and message.
    fn words(&self) -> String {
        let mut words = match &self.code {
            Some(code) => code.clone(),
            None => format!("status {}, without an error of Google's", self.status),
        };
        if let Some(reason) = self.reason.as_ref().filter(|reason| self.code.as_ref() != Some(reason)) {
            words = format!("{words} {reason}");
        }
        if self.message.is_empty() { words } else { format!("{words}: {}", self.message) }
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
        write!(f, "{}: {}", self.step.provider(), self.words())
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn read(status: u16, body: &str) -> Answer {
        let response = Response { status, headers: HeaderMap::new(), body: body.into(), multiplexed: false };
        Answer::read(Step::Sts, &response, &[&Secret::new("hunter2".into())])
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
        assert_eq!(api.said(), "PERMISSION_DENIED IAM_PERMISSION_DENIED: No.");
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
            let response = Response { status, headers: HeaderMap::new(), body, multiplexed: false };
            let _ = Answer::read(Step::Sts, &response, &[]).said();
        }
    }
}
