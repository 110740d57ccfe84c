//! A provider's answer.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::budget::{Budget, Held};
use super::peer::RawText;
use super::retry;

/// The largest answer that is accepted, in bytes. An answer with credentials has some kilobytes.
pub const BODY_LIMIT: usize = 8 << 20;

/// The memory budget for all answers of a run at a time, in bytes: those being received, and the kept parts of
/// earlier ones.
pub const RUN_LIMIT: usize = 24 << 20;

/// An answer with any status. The body may contain a secret, so there is no `Debug`. Text from it becomes a
/// [`RawText`], or a parsed value.
pub struct Response {
    /// The status code.
    pub status: u16,
    pub(super) headers: HeaderMap,
    /// The whole body, at most [`BODY_LIMIT`] bytes.
    pub body: Vec<u8>,
    /// Whether the connection supports parallel requests (HTTP/2).
    pub multiplexed: bool,
    /// Its share of the run's memory budget for answers.
    pub held: Held,
}

impl Response {
    /// An answer over a connection that carries one request at a time.
    #[must_use]
    pub fn new(status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body, multiplexed: false, held: Budget::new(RUN_LIMIT).hold() }
    }

    /// The provider's id for this call, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<RawText> {
        ["x-amzn-requestid", "x-request-id"].iter().find_map(|name| self.text(name)).map(RawText::new)
    }

    /// The value of a header, to be sent back.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers.get(name)
    }

    /// The values of a header, for comparing or parsing. Values that are not text are left out.
    pub fn values(&self, name: &HeaderName) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The pause that the server requests. `now` is this machine's time.
    #[must_use]
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        retry::retry_after(self.text("retry-after")?, now)
    }

    /// The media type without parameters, in lower case; empty if there is none.
    #[must_use]
    pub fn media_type(&self) -> RawText {
        let value = self.text("content-type").unwrap_or_default();
        RawText::new(&value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The server's time, in seconds since 1970. A cache returns the date of the original answer, with its age (RFC
    /// 9111, section 5.1).
    #[must_use]
    pub fn time(&self) -> Option<i64> {
        let date = httpdate::parse_http_date(self.text("date")?).ok()?;
        let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let age: i64 = self.text("age").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        i64::try_from(since.as_secs()).ok()?.checked_add(age)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
