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

/// How long a token may take to come in where nothing else is waited for.
const A_WHILE: Duration = Duration::from_mins(2);

/// Shows the token's claims on standard output, whatever their age, and with them what its issuer says of it where
/// that was asked.
///
/// # Errors
/// When there is no token, its issuer cannot be asked, or standard output is closed.
pub async fn show(request: Request, host: &Host) -> Result<Exit, Error> {
    let bound = request.verification.as_ref().map_or(A_WHILE, |verification| verification.timeout);
    let deadline = Deadline::after(bound);
    let token = subject::look_at(&request.source, host, deadline).await?;
    let explanation = match request.verification {
        Some(verification) => {
            Some(verify::verify(&token, Client::new(verification.network), &host.clock, deadline).await?)
        }
        None => None,
    };
    let summary = Summary::new(&token, host.clock.unix());
    delivery::print(&if request.json {
        summary.json(explanation.as_ref())
    } else {
        table::text(&summary, explanation.as_ref())
    })?;
    Ok(explanation.map_or(Exit::Done, |explanation| explanation.verdict.exit()))
}
