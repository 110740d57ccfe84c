//! The token's data for the output: all claims, and nothing that could be used as a token.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::claim_notes;
use super::job::Job;
use super::limits::{self, Limit};
use super::relative_time::moment;
use crate::explanation::Explanation;
use crate::secret::redact_jwt_shaped;
use crate::subject::{Claims, Header, SubjectToken};
use crate::text::time;

/// The data to show.
pub(super) struct Summary<'t> {
    pub(super) header: &'t Header,
    pub(super) claims: &'t Claims,
    pub(super) job: Job,
    pub(super) limits: Vec<Limit>,
    /// This machine's time, in seconds since 1970.
    pub(super) now: i64,
}

impl<'t> Summary<'t> {
    pub(super) fn new(token: &'t SubjectToken, now: i64) -> Self {
        let job = Job::of(token.claims());
        let limits = limits::broken(token);
        Self { header: token.header(), claims: token.claims(), job, limits, now }
    }

    /// The names of the claims: known ones in a fixed order, then the others in alphabetical order.
    pub(super) fn names(&self) -> Vec<&'t str> {
        let known = claim_notes::ORDER.into_iter().filter(|name| self.claims.has(name));
        let others = self.claims.names().into_iter().filter(|name| !claim_notes::ORDER.contains(name));
        known.chain(others).collect()
    }

    /// What the claim can be used for in a rule.
    pub(super) fn note(&self, name: &str) -> Option<String> {
        claim_notes::note(self.claims, self.job, name)
    }

    /// The claims that the organization has switched off.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        claim_notes::missing(self.claims, self.job)
    }

    /// The expiry in words.
    pub(super) fn expiry(&self) -> String {
        match self.claims.expiry() {
            Some(at) if at > self.now => moment(at, self.now),
            Some(at) => format!("{}: it has expired", moment(at, self.now)),
            None if self.claims.has("exp") => "unknown: exp is not a number".into(),
            None => "never: it has no exp".into(),
        }
    }

    /// The output as a JSON object, with a line feed at the end. Claims are unchanged, with every digit of their
    /// numbers. A claim that is itself a token is left out.
    pub(super) fn json(&self, explanation: Option<&Explanation>) -> String {
        let claims: Map<String, Value> = self
            .claims
            .names()
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.claims.get(name)?.clone())))
            .collect();
        let notes: Map<String, Value> =
            self.names().into_iter().filter_map(|name| Some((name.to_owned(), self.note(name)?.into()))).collect();
        let limits: Vec<Value> =
            self.limits.iter().map(|limit| json!({ "cloud": limit.cloud, "breaks": limit.what })).collect();
        let expiry = self.claims.expiry();
        let mut all = json!({
            "header": { "alg": self.header.alg, "kid": self.header.kid, "typ": self.header.typ },
            "claims": claims,
            "job": self.job.name(),
            "expiry": {
                "issued": self.claims.issued().map(time),
                "expires": expiry.map(time),
                "seconds_left": expiry.map(|at| at.saturating_sub(self.now)),
                "expired": expiry.map(|at| at <= self.now),
            },
            "notes": notes,
            "missing": self.missing(),
            "limits": limits,
        });
        if let Some(explanation) = explanation {
            all["verification"] = explanation.value();
        }
        format!("{}\n", escaped(&format!("{:#}", without_tokens(&all))))
    }
}

/// A value without anything that looks like a JWT.
fn without_tokens(value: &Value) -> Value {
    match value {
        Value::String(text) => redact_jwt_shaped(text).into(),
        Value::Array(items) => items.iter().map(without_tokens).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (redact_jwt_shaped(name), without_tokens(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// JSON in which characters that could move the cursor or reorder text are escaped. `serde_json` does not escape
/// those above U+001F. They occur only inside strings.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let mut buffer = [0; 4];
        let text = c.encode_utf8(&mut buffer);
        if c == '\n' || crate::text::printable(text) == *text {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::table;

    #[test]
    fn json_keeps_its_meaning_and_moves_no_cursor() {
        let value = json!({ "a\u{9b}": "\u{202e}b\u{1b}[2J\n\u{7f}é\u{e0041}\u{2028}", "n": [1, { "\u{1}": null }] });
        let text = escaped(&format!("{value:#}"));
        assert!(
            text.chars().all(|c| c == '\n' || !c.is_control() && !"\u{202e}\u{e0041}\u{2028}".contains(c)),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_token_within_a_claim_is_not_shown() {
        let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";
        let clean = without_tokens(&json!({ token: [{ "x": format!("Bearer {token}") }], "n": 1 }));
        assert_eq!(clean, json!({ "[redacted]": [{ "x": "Bearer [redacted]" }], "n": 1 }));
    }

    proptest::proptest! {
        #[test]
        fn no_claim_breaks_the_layout(name in ".{0,20}|aud|exp|sub127|ref", text in ".{0,60}", number: i64, odd: bool) {
            let value = if odd { json!([{ &text: number }]) } else { text.clone().into() };
            let payload = json!({ name: value, "sub": text, "ref": text, "nbf": number, "prj_id": "1", text.clone(): number });
            let claims = Claims::new(serde_json::from_value(payload).unwrap());
            let header = Header { alg: Some(text.clone()), kid: Some(text), ..Header::default() };
            let summary =
                Summary { header: &header, claims: &claims, job: Job::of(&claims), limits: Vec::new(), now: 0 };
            for shown in [table::text(&summary, None), summary.json(None)] {
                proptest::prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", shown);
            }
            let parsed: Value = serde_json::from_str(&summary.json(None)).unwrap();
            proptest::prop_assert!(parsed["claims"].is_object());
        }

        #[test]
        fn any_text_survives(text in ".{0,40}") {
            let json = escaped(&Value::String(text.clone()).to_string());
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
