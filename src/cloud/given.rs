//! The inputs that every cloud's exchange has in common.

use crate::host::Host;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::state;
use crate::subject::SubjectToken;

/// The inputs of one exchange. Several exchanges of one run share everything except the client: certificates and
/// proxies can be set for each cloud.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The job's token.
    pub token: &'a SubjectToken,
    /// The client for this exchange's calls.
    pub http: &'a Client,
    /// The environment and the clock.
    pub host: &'a Host,
    /// When the exchange must have finished.
    pub deadline: Deadline,
    /// The directory for private files.
    pub place: &'a state::StateDir,
}
