//! Signature Version 4, as far as a POST to STS needs it.

use ring::{digest, hmac};

use crate::random::hex;
use crate::server::Request;

/// An `AWS4-HMAC-SHA256` authorization, taken apart.
pub(super) struct Authorization<'a> {
    pub(super) access_key_id: &'a str,
    /// Date, region, service, `aws4_request`.
    scope: [&'a str; 4],
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    pub(super) fn parse(authorization: &'a str) -> Option<Self> {
        let parameters = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let find =
            |name: &str| parameters.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (access_key_id, scope) = find("Credential")?.split_once('/')?;
        Some(Self {
            access_key_id,
            scope: scope.split('/').collect::<Vec<_>>().try_into().ok()?,
            signed_headers: find("SignedHeaders")?,
            signature: find("Signature")?,
        })
    }

    pub(super) fn is_right(&self, request: &Request, secret: &str) -> bool {
        let [date, region, service, end] = self.scope;
        if (service, end) != ("sts", "aws4_request") {
            return false;
        }
        let canonical = self.canonical(request);
        let to_sign = [
            "AWS4-HMAC-SHA256",
            request.header("x-amz-date").unwrap_or_default(),
            &self.scope.join("/"),
            &sha256(canonical.as_bytes()),
        ];
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [date, region, service, end] {
            key = hmac_sha256(&key, part);
        }
        hex(&hmac_sha256(&key, &to_sign.join("\n"))) == self.signature
    }

    fn canonical(&self, request: &Request) -> String {
        let line = |name| [name, ":", request.header(name).unwrap_or_default().trim(), "\n"].concat();
        let headers: String = self.signed_headers.split(';').map(line).collect();
        let body = sha256(&request.body);
        let parts: [&str; 6] = [&request.method, &request.path, &request.query, &headers, self.signed_headers, &body];
        parts.join("\n")
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes()).as_ref().to_vec()
}
