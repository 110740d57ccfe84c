//! Parses an error of Microsoft Entra.
//!
//! <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>

use std::fmt;

use serde_json::Value;

use crate::http::{ErrorAnswer, PeerText, RawText, Response, Shown};
use crate::json;

/// The service's name in messages.
pub(super) const PROVIDER: &str = "Microsoft Entra";

/// The parts of an error answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// For example `invalid_client`; empty if the body is not an error of Entra.
    pub(super) error: RawText,
    /// The error's number, as in AADSTS700213.
    pub(super) number: Option<u64>,
    words: PeerText,
    /// The error's number and description.
    description: PeerText,
    /// The error's number and first sentence.
    first: PeerText,
    /// The id by which Microsoft's support finds the call.
    trace: Option<PeerText>,
    /// The same, with the time of the call.
    trace_and_time: Option<PeerText>,
}

impl Answer {
    /// Parses an error answer. A text that is not an error of Entra is not shown, because it may contain anything.
    pub(super) fn read(response: &Response, shown: &Shown) -> Self {
        // A larger answer is not an error of Entra.
        let body = json::parse_within(&response.body, &mut (1 << 20)).unwrap_or_default();
        let (error, description) = (RawText::of(&body["error"]), RawText::of(&body["error_description"]));
        let listed = body["error_codes"].as_array().and_then(|codes| codes.first()).and_then(Value::as_u64);
        let number = listed.or_else(|| number_in(description.unclean()));
        let words = if error.is_empty() {
            RawText::new(&format!("status {}, without an error of Microsoft Entra's", response.status))
        } else if description.is_empty() {
            error.clone()
        } else {
            error.clone().then(": ", &without_trace(&description))
        };
        let description =
            if number_in(description.unclean()).is_some() { without_trace(&description) } else { words.clone() };
        let trace = RawText::of(&body["trace_id"]);
        let trace = (!error.is_empty() && !trace.is_empty()).then_some(trace);
        let trace_and_time = trace.as_ref().map(|trace| match RawText::of(&body["timestamp"]) {
            time if time.is_empty() => trace.clone(),
            time => trace.clone().then(", ", &time),
        });
        let clean = |text: &RawText| shown.clean(text);
        Self {
            status: response.status,
            error,
            number,
            words: clean(&words),
            first: clean(&description.first_sentence()),
            description: clean(&description),
            trace: trace.as_ref().map(clean),
            trace_and_time: trace_and_time.as_ref().map(clean),
        }
    }

    /// The part that is quoted if the error has hints: its number and its first sentence. Entra adds the same advice to
    /// many errors. Microsoft's support does not need to find a call whose cause is known.
    pub(super) fn said_briefly(&self) -> String {
        self.first.to_string()
    }

    /// The part that is quoted if the text after the first sentence has the reason.
    pub(super) fn said_with_reason(&self) -> String {
        self.description.with_id("trace", self.trace.as_ref())
    }
}

/// The number in `AADSTS700213: …`.
fn number_in(description: &str) -> Option<u64> {
    let digits = description.trim_start().strip_prefix("AADSTS")?;
    digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())].parse().ok()
}

/// The description without the ids at its end, which the answer also has in separate fields.
fn without_trace(description: &RawText) -> RawText {
    let text = description.unclean();
    RawText::new(text[..text.find("Trace ID: ").unwrap_or(text.len())].trim_end())
}

impl ErrorAnswer for Answer {
    fn said(&self) -> String {
        self.words.with_id("trace", self.trace_and_time.as_ref())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PROVIDER}: {}", self.first)
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
        Answer::read(&Response::new(status, HeaderMap::new(), body.into()), &shown)
    }

    #[test]
    fn the_ids_are_shown_once_and_a_secret_never() {
        let answer = read(
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS700213: No matching record for 'hunter2'.\r\nTrace ID: t-1 Correlation ID: c-1 Timestamp: 2026-01-01 00:00:00Z","error_codes":[700213],"timestamp":"2026-01-01 00:00:00Z","trace_id":"t-1","correlation_id":"c-1"}"#,
        );
        assert_eq!(answer.number, Some(700_213));
        assert_eq!(
            answer.said(),
            "invalid_client: AADSTS700213: No matching record for '[redacted]'. (trace t-1, 2026-01-01 00:00:00Z)"
        );
    }

    #[test]
    fn an_explained_error_is_quoted_up_to_its_first_sentence() {
        let brief = |description: &str| {
            read(
                400,
                &serde_json::json!({ "error": "e", "error_description": description, "trace_id": "t" }).to_string(),
            )
            .said_briefly()
        };
        for (description, shown) in [
            ("AADSTS1: One. Two. Three.\r\nTrace ID: t", "AADSTS1: One. …"),
            ("AADSTS1: One.", "AADSTS1: One."),
            ("No number. More.", "e: No number. …"),
            ("", "e"),
        ] {
            assert_eq!(brief(description), shown);
        }
        assert_eq!(read(502, "x").said_briefly(), "status 502, without an error of Microsoft Entra's");
    }

    #[test]
    fn the_number_is_the_lists_or_else_the_texts() {
        let number = |body: &str| read(400, body).number;
        assert_eq!(number(r#"{"error":"e","error_description":"AADSTS90002: Tenant 'x' not found."}"#), Some(90002));
        assert_eq!(number(r#"{"error":"e","error_description":"AADSTS1: x","error_codes":[2]}"#), Some(2));
        for none in [
            r#"{"error":"e"}"#,
            r#"{"error":"e","error_codes":["x"]}"#,
            r#"{"error":"e","error_description":"AADSTS: x"}"#,
        ] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_error_of_entras_is_not_shown() {
        for body in ["", "<html>hunter2</html>", "{}", "[]", r#"{"error":3}"#, r#"{"error":{"message":"hunter2"}}"#] {
            assert_eq!(read(502, body).said(), "status 502, without an error of Microsoft Entra's", "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body: Vec<u8>, status: u16) {
            let _ = Answer::read(&Response::new(status, HeaderMap::new(), body), &Shown::default()).said();
        }

        #[test]
        fn no_description_makes_the_reader_panic(text: String) {
            let _ = (number_in(&text), without_trace(&RawText::new(&text)).first_sentence());
        }
    }
}
