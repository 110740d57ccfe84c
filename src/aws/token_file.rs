//! The token in a file, for SDKs that trade it themselves.

use std::path::PathBuf;

use super::Request;
use crate::state::{self, NewFiles};
use crate::subject::SubjectToken;

/// Says that a region is missing. Not every SDK finds STS without one: some tools end with "Missing Region", also if they
/// have a region of their own for S3.
pub(super) fn warn_without_region(request: &Request) {
    if request.region.is_none() {
        tracing::warn!("no region: some tools cannot renew without one: add --region or set AWS_REGION");
    }
}

/// Makes the file. It has no line break: SDKs send it as it is.
pub(super) async fn new(token: &SubjectToken, files: &mut NewFiles) -> Result<PathBuf, state::Error> {
    files.file("aws-token", |_| Ok(token.jwt().clone())).await
}
