//! A file with the token, which SDKs exchange themselves.

use std::path::PathBuf;

use super::Request;
use crate::state::{self, NewFiles};
use crate::subject::SubjectToken;

/// Warns if there is no region. Some SDKs cannot call STS without one: their tools fail with "Missing Region", even
/// if S3 has its own region.
pub(super) fn warn_without_region(request: &Request) {
    if request.region.is_none() {
        tracing::warn!("no region: some tools cannot renew without one: add --region or set AWS_REGION");
    }
}

/// Creates the file. It has no newline, because SDKs send its content unchanged.
pub(super) async fn new(token: &SubjectToken, files: &mut NewFiles) -> Result<PathBuf, state::Error> {
    files.file("aws-token", |_| Ok(token.jwt().clone())).await
}
