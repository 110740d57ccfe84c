//! The token in a file, for SDKs that trade it themselves.

use std::path::PathBuf;

use crate::state::{self, NewFiles};
use crate::subject::SubjectToken;

/// Makes the file. It has no line break: SDKs send it as it is.
pub(super) async fn new(token: &SubjectToken, files: &mut NewFiles) -> Result<PathBuf, state::Error> {
    files.file("aws-token", |_| Ok(token.jwt().clone())).await
}
