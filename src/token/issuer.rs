//! The wire: an issuer's two published documents, each asked for until it answers.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, AGE, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::error::Error;
use crate::explanation::Mark;
use crate::host::Clock;
use crate::http::retry::{self, Deadline, GaveUp};
use crate::http::{Attempt, Client, ErrorAnswer, Explain, Failure, Problem, Request, Response, Row, Told};
use crate::json;

const PROVIDER: &str = "the issuer";

/// What answers, within what time.
pub(super) struct Issuer<'a> {
    pub(super) http: Client,
    pub(super) clock: &'a Clock,
    pub(super) deadline: Deadline,
}

/// An answer, whatever it holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) status: u16,
    /// The media type alone, in lower case; empty for none.
    pub(super) media_type: String,
    pub(super) body: Vec<u8>,
    /// By how many seconds this machine's clock is ahead of the issuer's.
    pub(super) ahead: Option<i64>,
    /// How long it took.
    pub(super) took: Duration,
}

/// Why there is no page.
pub(super) enum Unread {
    /// It is not to be asked for in clear.
    Clear(Failure),
    /// Nobody answered, or not usefully.
    Unreachable(Error),
}

/// A status that heals.
struct Busy {
    status: u16,
}

impl ErrorAnswer for Busy {
    fn said(&self) -> String {
        format!("{PROVIDER} answered with status {}", self.status)
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said())
    }
}

/// What a page that could not be had is told with.
struct Asked<'a>(&'a Url);

impl Explain<Busy> for Asked<'_> {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn address_setting(&self) -> &'static str {
        "issuer"
    }

    fn asked(&self) -> Vec<String> {
        vec![self.0.to_string()]
    }

    fn transport_hints(&self, failure: &Failure) -> Vec<String> {
        // The usual hint is for requests that carry the token.
        if matches!(failure, Failure::Redirect { .. }) {
            let hint =
                "it is not followed: the issuer itself must publish the document, and clouds need not follow either";
            return vec![hint.into()];
        }
        failure.hints()
    }

    fn tell(&self, _: &Busy) -> Told {
        Row::heals().say(&["the clouds ask it the same, and refuse the token while it fails"]).tell(&())
    }
}

impl Issuer<'_> {
    /// Asks for the page at `url`. Nothing secret is sent.
    pub(super) async fn page(&self, url: &Url) -> Result<Page, Unread> {
        match self.http.retry(self.deadline, async || self.attempt(url).await).await {
            Ok(page) => Ok(page),
            Err(GaveUp { last: Some(Attempt { problem: Problem::Transport(failure), .. }), .. })
                if matches!(failure, Failure::NotHttps { .. }) =>
            {
                Err(Unread::Clear(failure))
            }
            Err(gave_up) => Err(Unread::Unreachable(gave_up.explain(&Asked(url)))),
        }
    }

    async fn attempt(&self, url: &Url) -> Result<Page, Attempt<Busy>> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let request = Request { method: Method::GET, url: url.clone(), headers, body: Vec::new() };
        let started = Instant::now();
        let response = self.http.send(request).await?;
        match response.status {
            status @ (408 | 412 | 425 | 429 | 500..=599) => {
                let after = header(&response, &RETRY_AFTER);
                let after = after.and_then(|text| retry::retry_after(text, self.clock.now()));
                Err(Attempt::answered(Busy { status }, true, after))
            }
            _ => Ok(self.read(response, started.elapsed())),
        }
    }

    fn read(&self, response: Response, took: Duration) -> Page {
        let media_type = header(&response, &CONTENT_TYPE).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let date = header(&response, &DATE).and_then(|text| httpdate::parse_http_date(text).ok());
        let date = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
        // A cache hands out the date of the original answer, and says how long ago that was (RFC 9111, section 5.1).
        let age: i64 = header(&response, &AGE).and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let date = date.and_then(|since| i64::try_from(since.as_secs()).ok()?.checked_add(age));
        let ahead = date.map(|date| self.clock.unix().saturating_sub(date));
        Page { status: response.status, media_type, body: response.body, ahead, took }
    }
}

fn header<'r>(response: &'r Response, name: &reqwest::header::HeaderName) -> Option<&'r str> {
    response.headers.get(name).and_then(|value| value.to_str().ok())
}

impl Page {
    /// The object that it holds. If it holds none: what the clouds make of that, if it is known, and why.
    pub(super) fn json(&self) -> Result<Map<String, Value>, (Mark, String)> {
        let fails = |why: String| Err((Mark::Fails, why));
        if self.status != 200 {
            return fails(format!("it was answered with status {}", self.status));
        }
        match json::parse(&self.body) {
            Ok(Value::Object(members)) => return Ok(members),
            // A cloud may take either.
            Err(fault @ json::Fault::Twice { .. }) => {
                return Err((Mark::Unknown, format!("{fault}: readers differ in which of the two they take")));
            }
            Ok(_) | Err(json::Fault::NotJson(_)) => {}
        }
        fails(match self.media_type.as_str() {
            "text/html" => {
                "a web page was answered, as for an organization that does not exist; or something in between answered"
                    .into()
            }
            "" => "the answer is not a JSON object".into(),
            other => format!("the answer is not a JSON object ({other})"),
        })
    }

    /// Whether it is called JSON, as the standards want (OpenID Connect Discovery 1.0, section 4.2; RFC 7517, section 8.5).
    pub(super) fn is_called_json(&self) -> bool {
        self.media_type == "application/json"
            || (self.media_type.starts_with("application/") && self.media_type.ends_with("+json"))
    }
}
