//! A request as it arrived, an answer before it leaves.

use std::borrow::Cow;

/// A request that arrived whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// As in `POST`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What followed the `?`, raw; empty when nothing did.
    pub query: String,
    /// In order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded from its transfer encoding.
    pub body: Vec<u8>,
    /// The fields of an `application/x-www-form-urlencoded` body; else empty.
    pub form: Vec<(String, String)>,
    /// Which connection of this server brought it, from 1.
    pub connection: usize,
}

impl Request {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, |header| header.eq_ignore_ascii_case(name))
    }

    /// What it carries that nobody else may see: fields of its form, or of its JSON, and headers; of a token with parts, the
    /// last one by itself too.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let fields = ["WebIdentityToken", "subject_token", "client_assertion", "access_token"]
            .into_iter()
            .filter_map(|name| self.field(name));
        let headers = ["x-amz-security-token", "x-vault-token", "authorization"];
        let headers = headers.into_iter().filter_map(|name| self.header(name));
        let bare = headers.map(|value| value.strip_prefix("Bearer ").unwrap_or(value));
        let whole = fields.chain(body["jwt"].as_str()).chain(bare);
        let parts =
            |text: &str| [Some(text), text.rsplit_once('.').map(|(_, last)| last)].map(|part| part.map(str::to_owned));
        whole.flat_map(parts).flatten().collect()
    }

    /// The first parameter of its query of that name, decoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        form_urlencoded::parse(self.query.as_bytes()).find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The first form field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        find(&self.form, |field| field == name)
    }
}

/// The secrets of these requests and `more`, in a sentence; the short ones first, since a reader may cut it.
pub(crate) fn repeated(sent: &[Request], more: impl IntoIterator<Item = String>) -> String {
    let mut secrets: Vec<String> = sent.iter().flat_map(Request::secrets).chain(more).collect();
    secrets.sort_by_key(String::len);
    format!("not authorized: {}", secrets.join(", "))
}

fn find(pairs: &[(String, String)], matches: impl Fn(&str) -> bool) -> Option<&str> {
    pairs.iter().find(|(name, _)| matches(name)).map(|(_, value)| value.as_str())
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers, less those that frame the body.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer whose body is of that type.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// The same with a further header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A page for people, as a captive portal or a proxy shows.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body =
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome to the network.</body></html>\n";
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// All of it as it goes out.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.framed_head().as_bytes(), &self.body].concat()
    }

    /// The head, which says how long the body is.
    pub(super) fn framed_head(&self) -> String {
        self.head(&format!("content-length: {}", self.body.len()))
    }

    /// The head as it goes out, up to the empty line; `framing` says how the body ends.
    pub(super) fn head(&self, framing: &str) -> String {
        let status = format!("HTTP/1.1 {} {}", self.status, reason(self.status));
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let lines: Vec<String> = [status].into_iter().chain(headers).collect();
        format!("{}\r\n{framing}\r\n\r\n", lines.join("\r\n"))
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
