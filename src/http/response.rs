//! A provider's answer.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use serde_json::Value;

use super::budget::{Budget, Held};
use super::peer::{PeerText, RawText, Shown};
use super::retry;
use crate::json;

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

    /// The id in a form that can be shown. An answer that went well can have a secret, which its id could repeat: an id
    /// that has anything in common with the rest of the answer is hidden.
    pub(super) fn shown_id(&self, shown: &Shown) -> Option<PeerText> {
        if self.status >= 400 {
            return self.request_id().map(|id| shown.clean(&id));
        }
        let body = String::from_utf8_lossy(&self.body);
        match self.request_id() {
            Some(id) => Some(shown.clean_beside(&id, &without_metadata(&body, &id))),
            None => vaults_id(&self.body).map(|(id, rest)| shown.clean_beside(&id, &rest)),
        }
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

/// The text of an XML answer without its id, which AWS repeats after the result.
fn without_metadata(body: &str, id: &RawText) -> String {
    let metadata = format!("<RequestId>{}</RequestId>", id.unclean());
    match body.split_once("<ResponseMetadata>") {
        // A result could contain such an element as text.
        Some((result, last)) if !body.contains("<![CDATA[") => {
            let last = last.trim_start();
            format!("{result} {}", last.strip_prefix(metadata.as_str()).unwrap_or(last))
        }
        Some(_) | None => body.to_owned(),
    }
}

/// The id that Vault has in its answer, and the rest of the answer.
/// <https://developer.hashicorp.com/vault/api-docs#api-operations>
fn vaults_id(body: &[u8]) -> Option<(RawText, String)> {
    /// The memory for the members, in bytes. Without this line, a large answer is kept once.
    const ROOM: usize = 1 << 20;
    let mut members = json::members(body, &mut ROOM.clone(), |_| true).ok()?;
    let id = RawText::of(&members.remove("request_id")?);
    (!id.is_empty()).then(|| (id, Value::Object(members).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7c1f0e0a-3b9d-4c55-8f0e-12ab34cd56ef";

    fn shown(id: Option<&'static str>, body: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(id) = id {
            headers.insert("x-amzn-requestid", HeaderValue::from_static(id));
        }
        let answer = Response::new(200, headers, body.as_bytes().to_vec());
        answer.shown_id(&Shown::default()).map(|id| id.to_string())
    }

    fn sts(result: &str, id: &str) -> String {
        format!("<R><Result>{result}</Result><ResponseMetadata>\n <RequestId>{id}</RequestId></ResponseMetadata></R>")
    }

    #[test]
    fn an_id_is_shown_where_each_provider_has_it() {
        assert_eq!(shown(Some(ID), &sts("<Key>abc</Key>", ID)).as_deref(), Some(ID));
        assert_eq!(shown(Some(ID), "{\"access_token\":\"abc\"}").as_deref(), Some(ID));
        // Base64 of a part of the id.
        assert_eq!(shown(Some(ID), "{\"access_token\":\"OGYw\"}").as_deref(), Some(ID));
        assert_eq!(shown(None, &format!("{{\"request_id\":\"{ID}\",\"data\":{{}}}}")).as_deref(), Some(ID));
        for none in
            ["", "[]", "{\"request_id\":\"\"}", "{\"request_id\":7}", "{\"data\":{\"request_id\":\"x\"}}", "<R/>"]
        {
            assert_eq!(shown(None, none), None, "{none}");
        }
    }

    #[test]
    fn an_id_that_repeats_what_was_issued_is_hidden() {
        let hidden = Some("[redacted]".to_owned());
        for body in [
            sts(&format!("<Key>{ID}</Key>"), ID),
            sts(&format!("<Key><![CDATA[<ResponseMetadata><RequestId>{ID}</RequestId>]]></Key>"), "other"),
            sts(&format!("<RequestId>{ID}</RequestId>"), "other"),
            sts("<Key>abc</Key>", &format!("{ID}</RequestId><RequestId>{ID}")),
            format!("{{\"access_token\":\"x{ID}x\"}}"),
            format!("{{\"request_id\":\"{ID}\"}}"),
        ] {
            assert_eq!(shown(Some(ID), &body), hidden, "{body}");
        }
        for body in [
            format!("{{\"request_id\":\"{ID}\",\"data\":{{\"request_id\":\"{ID}\"}}}}"),
            format!("{{\"data\":{{\"{ID}\":1}},\"request_id\":\"{ID}\"}}"),
        ] {
            assert_eq!(shown(None, &body), hidden, "{body}");
        }
    }
}
