//! Requests and answers.

use std::borrow::Cow;

/// A complete request.
#[derive(Clone, Debug)]
pub struct Request {
    /// For example `POST`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The raw query after `?`; empty if there is none.
    pub query: String,
    /// In the order received, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded from its transfer encoding.
    pub body: Vec<u8>,
    /// The fields of an `application/x-www-form-urlencoded` body; otherwise empty.
    pub form: Vec<(String, String)>,
    /// The number of its connection to this server; the first one is 1.
    pub connection: usize,
}

impl Request {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, |header| header.eq_ignore_ascii_case(name))
    }

    /// The secrets in it: fields of its form or JSON, and headers. For a token with parts, also the last part.
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

/// A sentence with the secrets of these requests and `more`. Short ones come first, because a reader may truncate it.
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
    /// Headers, without those for the length of the body.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with a body of that type.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// An HTML page, like that of a captive portal or a proxy.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body =
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome to the network.</body></html>\n";
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// The bytes of the answer.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.framed_head().as_bytes(), &self.body].concat()
    }

    /// The head, with the length of the body.
    pub(super) fn framed_head(&self) -> String {
        self.head(&format!("content-length: {}", self.body.len()))
    }

    /// The head up to the empty line. `framing` is the header for the body's end.
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
