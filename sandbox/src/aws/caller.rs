//! Identifies the session that signed a request.

use std::time::SystemTime;

use super::account::Issued;
use super::refusal::Refusal;
use super::signature::Authorization;
use crate::server::Request;

pub(super) fn identify(request: &Request, issued: &[Issued]) -> Result<Issued, Refusal> {
    identify_for(request, issued, "sts")
}

/// The same for another AWS service.
pub(super) fn identify_for(request: &Request, issued: &[Issued], service: &str) -> Result<Issued, Refusal> {
    let authorization = Authorization::of(request).ok_or_else(Refusal::unsigned)?;
    let known = |session: &&Issued| session.access_key_id == authorization.access_key_id;
    let session = issued.iter().find(known).ok_or_else(Refusal::unknown_key)?;
    if authorization.session_token.as_deref() != Some(&session.session_token) {
        return Err(Refusal::unknown_key());
    }
    if session.expiration <= SystemTime::now() {
        return Err(Refusal::expired_key());
    }
    if authorization.is_over() || !authorization.is_right(request, &session.secret_access_key, service) {
        return Err(Refusal::wrong_signature());
    }
    Ok(session.clone())
}
