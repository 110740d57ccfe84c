//! Signature Version 4 of a request: in its headers or, if presigned, in its query.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use ring::{digest, hmac};

use crate::random::hex;
use crate::server::Request;

/// How long a presigned request is accepted, for any expiry in it.
const PRESIGNED: Duration = Duration::from_mins(15);

/// The parts of an `AWS4-HMAC-SHA256` signature.
pub(super) struct Authorization<'a> {
    pub(super) access_key_id: Cow<'a, str>,
    /// The session token.
    pub(super) session_token: Option<Cow<'a, str>>,
    /// Date, region, service, `aws4_request`.
    scope: Vec<String>,
    signed_headers: Cow<'a, str>,
    signature: Cow<'a, str>,
    /// The time of signing.
    date: Cow<'a, str>,
    /// The signed query.
    query: Cow<'a, str>,
    presigned: bool,
}

impl<'a> Authorization<'a> {
    /// The signature of `request`, if any.
    pub(super) fn of(request: &'a Request) -> Option<Self> {
        match request.header("authorization") {
            Some(header) => Self::of_header(request, header),
            None => Self::of_query(request),
        }
    }

    fn of_header(request: &'a Request, authorization: &'a str) -> Option<Self> {
        let parameters = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let find =
            |name: &str| parameters.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (access_key_id, scope) = find("Credential")?.split_once('/')?;
        Some(Self {
            access_key_id: access_key_id.into(),
            session_token: request.header("x-amz-security-token").map(Cow::from),
            scope: scope.split('/').map(str::to_owned).collect(),
            signed_headers: find("SignedHeaders")?.into(),
            signature: find("Signature")?.into(),
            date: request.header("x-amz-date").unwrap_or_default().into(),
            query: request.query.as_str().into(),
            presigned: false,
        })
    }

    fn of_query(request: &'a Request) -> Option<Self> {
        let find = |name: &str| request.parameter(name);
        find("X-Amz-Algorithm").filter(|algorithm| algorithm == "AWS4-HMAC-SHA256")?;
        let credential = find("X-Amz-Credential")?;
        let (access_key_id, scope) = credential.split_once('/')?;
        let mut signed: Vec<&str> = request.query.split('&').collect();
        signed.retain(|parameter| !parameter.starts_with("X-Amz-Signature="));
        signed.sort_unstable();
        Some(Self {
            access_key_id: access_key_id.to_owned().into(),
            session_token: find("X-Amz-Security-Token"),
            scope: scope.split('/').map(str::to_owned).collect(),
            signed_headers: find("X-Amz-SignedHeaders")?,
            signature: find("X-Amz-Signature")?,
            date: find("X-Amz-Date")?,
            query: signed.join("&").into(),
            presigned: true,
        })
    }

    /// Whether the signature of `request` is correct for this key and this service.
    pub(super) fn is_right(&self, request: &Request, secret: &str, service: &str) -> bool {
        let [date, region, named, end] = self.scope.as_slice() else { return false };
        if (named.as_str(), end.as_str()) != (service, "aws4_request") || !self.date.starts_with(date.as_str()) {
            return false;
        }
        let canonical = self.canonical(request);
        let to_sign = ["AWS4-HMAC-SHA256", &self.date, &self.scope.join("/"), &sha256(canonical.as_bytes())].join("\n");
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [date, region, named, end] {
            key = hmac_sha256(&key, part);
        }
        hex(&hmac_sha256(&key, &to_sign)) == self.signature
    }

    /// Whether it is presigned and has expired.
    pub(super) fn is_over(&self) -> bool {
        self.presigned && time_of(&self.date).is_none_or(|signed| signed + PRESIGNED < SystemTime::now())
    }

    fn canonical(&self, request: &Request) -> String {
        let line = |name| [name, ":", request.header(name).unwrap_or_default().trim(), "\n"].concat();
        let headers: String = self.signed_headers.split(';').map(line).collect();
        let body = sha256(&request.body);
        let parts: [&str; 6] = [&request.method, &request.path, &self.query, &headers, &self.signed_headers, &body];
        parts.join("\n")
    }
}

/// `20150830T123600Z`.
fn time_of(date: &str) -> Option<SystemTime> {
    let part = |from, to| date.get(from..to);
    let written = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    );
    humantime::parse_rfc3339(&written).ok()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes()).as_ref().to_vec()
}
