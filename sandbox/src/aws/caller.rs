//! Who signed a request: one of the sessions that this room issued.

use std::time::SystemTime;

use super::account::Issued;
use super::refusal::Refusal;
use crate::server::Request;

pub(super) fn identify(request: &Request, issued: &[Issued]) -> Result<Issued, Refusal> {
    let authorization = request.header("authorization").ok_or_else(Refusal::unsigned)?;
    let key = access_key_id(authorization).ok_or_else(Refusal::unsigned)?;
    let session = issued.iter().find(|session| session.access_key_id == key).ok_or_else(Refusal::unknown_key)?;
    if request.header("x-amz-security-token") != Some(&session.session_token) {
        return Err(Refusal::unknown_key());
    }
    if session.expiration <= SystemTime::now() {
        return Err(Refusal::expired_key());
    }
    Ok(session.clone())
}

/// The first part of `Credential=` in an `AWS4-HMAC-SHA256` header.
fn access_key_id(authorization: &str) -> Option<&str> {
    let parameters = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
    parameters.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?.split('/').next()
}
