//! `token`: what the job's token says, what each claim is worth, and whether its issuer stands by it.

use std::time::Duration;

use crate::error::{Error, Exit};
use crate::host::Host;
use crate::http::Settings;
use crate::subject::Source;

/// What to show.
#[derive(Debug)]
pub struct Request {
    /// Where the token is.
    pub source: Source,
    /// Whether to ask its issuer, and how.
    pub verification: Option<Verification>,
    /// Whether the answer is for a program.
    pub json: bool,
}

/// How the issuer is asked.
#[derive(Debug)]
pub struct Verification {
    /// How the network is used.
    pub network: Settings,
    /// Bound on all of it.
    pub timeout: Duration,
}

/// Shows the token's claims on standard output.
///
/// # Errors
/// When there is no token, its issuer cannot be asked, or standard output is closed.
pub async fn show(_request: Request, _host: &Host) -> Result<Exit, Error> {
    Err(crate::error::Usage::new("not built yet").into())
}
