//! `token`: shows the claims of the job's token, their use in a rule, and whether its signature is valid.

mod algorithm;
mod claim_checks;
mod claim_notes;
mod discovery;
mod issuer;
mod job;
mod jwks;
mod limits;
mod provider_errors;
mod relative_time;
mod signature;
mod summary;
mod table;
pub mod verify;

use std::time::Duration;

use crate::delivery;
use crate::error::{Error, Exit};
use crate::host::Host;
use crate::http::retry::Deadline;
use crate::http::{Client, Settings};
use crate::subject::{self, Source};
pub use signature::is_made_by;
use summary::Summary;

/// The request.
#[derive(Debug)]
pub struct Request {
    /// The source of the token.
    pub source: Source,
    /// The network settings for verifying it, if requested.
    pub verification: Option<Settings>,
    /// Whether the output is JSON.
    pub json: bool,
}

/// The default timeout of the verification, including retries.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Prints the token's claims, even if it has expired. If requested, also prints the result of the verification.
///
/// # Errors
/// If there is no token, its issuer cannot be reached, or standard output is closed.
pub async fn show(request: Request, host: &Host, deadline: Deadline) -> Result<Exit, Error> {
    let token = subject::look_at(&request.source, host, deadline).await?;
    let explanation = match request.verification {
        Some(network) => Some(verify::verify(&token, Client::new(network, deadline), &host.clock, deadline).await?),
        None => None,
    };
    let summary = Summary::new(&token, host.clock.unix());
    let text =
        if request.json { summary.json(explanation.as_ref()) } else { table::text(&summary, explanation.as_ref()) };
    delivery::print(text, deadline).await?;
    Ok(explanation.map_or(Exit::Done, |explanation| explanation.verdict.exit()))
}
