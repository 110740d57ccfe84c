//! `token`: what the job's token says, what each claim is good for in a rule, and whether its issuer stands by it.

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

/// What to show.
#[derive(Debug)]
pub struct Request {
    /// Where the token is.
    pub source: Source,
    /// How its issuer is asked, if it is.
    pub verification: Option<Settings>,
    /// Whether the answer is for a program.
    pub json: bool,
}

/// The usual bound on asking the issuer, retries included.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Shows the token's claims on standard output, whatever their age, and with them what its issuer says of it where
/// that was asked.
///
/// # Errors
/// When there is no token, its issuer cannot be asked, or standard output is closed.
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
