//! Downloads an issuer's two published documents. Temporary errors are retried.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::error::Error;
use crate::explanation::Mark;
use crate::host::Clock;
use crate::http::retry::{Deadline, GaveUp};
use crate::http::{
    Again, Attempt, Client, ErrorAnswer, Explain, Failure, Held, PeerText, Problem, RawText, Request, Response, Row,
    Shown, Told,
};
use crate::json;

const PROVIDER: &str = "the issuer";

/// The client and the deadline for the downloads.
pub(super) struct Issuer<'a> {
    pub(super) http: Client,
    pub(super) clock: &'a Clock,
    pub(super) deadline: Deadline,
}

/// An answer with any content.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) status: u16,
    /// The media type without parameters, in lower case; empty if there is none.
    pub(super) media_type: PeerText,
    pub(super) body: Vec<u8>,
    /// The memory budget of the body.
    pub(super) held: Option<Held>,
    /// Whether it contains an object; known after it was parsed.
    pub(super) is_object: bool,
    /// The number of seconds by which this machine's clock is ahead of the issuer's.
    pub(super) ahead: Option<i64>,
    /// The duration of the download.
    pub(super) took: Duration,
}

/// Why there is no answer.
pub(super) enum Unread {
    /// Plain HTTP is not allowed for it.
    Clear(Failure),
    /// There was no answer, or a useless one.
    Unreachable(Error),
}

/// A temporary error status.
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

/// The inputs for explaining a failed download.
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
        // The usual hint is for requests that contain the token.
        if matches!(failure, Failure::Redirect { .. }) {
            let hint =
                "it is not followed: the issuer itself must publish the document, and clouds need not follow either";
            return vec![hint.into()];
        }
        failure.hints()
    }

    fn tell(&self, _: &Busy) -> Told {
        Row::heals().say(&["the clouds send the same request, and refuse the token while it fails"]).tell(&())
    }
}

impl Issuer<'_> {
    /// Downloads the page at `url`. Nothing secret is sent.
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
                let again = if status == 429 { Again::Throttled } else { Again::Soon };
                Err(Attempt::answered(Busy { status }, again, response.retry_after(self.clock.now())))
            }
            _ => Ok(self.read(response, started.elapsed())),
        }
    }

    fn read(&self, response: Response, took: Duration) -> Page {
        let ahead = response.time().map(|time| self.clock.unix().saturating_sub(time));
        let media_type = quoted(response.media_type().unclean());
        Page {
            status: response.status,
            media_type,
            body: response.body,
            held: Some(response.held),
            ahead,
            took,
            ..Page::default()
        }
    }
}

/// A text from the issuer in a form that can be shown. The issuer receives no secret, so none must be removed.
pub(super) fn quoted(text: &str) -> PeerText {
    Shown::default().clean(&RawText::new(text))
}

impl Page {
    /// The JSON object in the page. If there is none: how the clouds treat that, if known, and the reason.
    pub(super) fn json(&self) -> Result<Map<String, Value>, (Mark, String)> {
        let fails = |why: String| Err((Mark::Fails, why));
        if self.status != 200 {
            return fails(format!("it was answered with status {}", self.status));
        }
        // A text with escapes is decoded into a second buffer.
        let room = self.held.as_ref().map_or(usize::MAX, Held::room);
        match json::parse_within(&self.body, &mut room.saturating_sub(self.body.len())) {
            Ok(Value::Object(members)) => return Ok(members),
            // A cloud may use either of the two.
            Err(fault @ json::Fault::Twice { .. }) => {
                return Err((Mark::Unknown, format!("{fault}: readers differ in which of the two they take")));
            }
            Err(fault @ json::Fault::TooLarge) => {
                return Err((Mark::Unknown, format!("{fault}: a cloud need not read it either")));
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

    /// The page without its body, after it was parsed.
    pub(super) fn read(self) -> Self {
        let is_object = self.json().is_ok();
        Self { is_object, body: Vec::new(), held: None, ..self }
    }

    /// Whether its media type is JSON, as the standards require (OpenID Connect Discovery 1.0, section 4.2; RFC 7517,
    /// section 8.5).
    pub(super) fn is_called_json(&self) -> bool {
        let name = self.media_type.as_str();
        name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"))
    }
}
