//! What an exchange works with, whichever cloud it is with.

use crate::host::Host;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::state;
use crate::subject::SubjectToken;

/// What one exchange is given. Several exchanges of one run share all but the client, whose certificates and proxies may
/// be those of one cloud.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The job's token.
    pub token: &'a SubjectToken,
    /// The client for this exchange's calls.
    pub http: &'a Client,
    /// This machine's variables and clock.
    pub host: &'a Host,
    /// When the exchange must have ended.
    pub deadline: Deadline,
    /// Where private files go.
    pub place: &'a state::StateDir,
}
