//! The request to AWS, and the result.

use std::time::SystemTime;

use super::account::{AccountId, Guard};
use super::arn::{PolicyArn, RoleArn};
use super::chain::{Hop, SessionTag, SourceIdentity};
use super::policy::SessionPolicy;
use super::region::Region;
use super::registry::Registries;
use super::session::{Duration, SessionName};
use crate::secret::Secret;

/// A validated request for one role's credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The role that the token is exchanged for.
    pub role: RoleArn,
    /// The session's name, which CloudTrail shows.
    pub session_name: SessionName,
    /// The duration of the last session. The service's default is an hour.
    pub duration: Option<Duration>,
    /// The region for the job's other tools, if one was given.
    pub region: Option<Region>,
    /// The region of the STS endpoint.
    pub sts_region: Region,
    /// An inline policy that restricts the last session.
    pub policy: Option<SessionPolicy>,
    /// Managed policies that restrict the last session.
    pub policy_arns: Vec<PolicyArn>,
    /// Further roles, each assumed with the previous session.
    pub chain: Vec<Hop>,
    /// The source identity of the chain's sessions, which CloudTrail shows.
    pub source_identity: Option<SourceIdentity>,
    /// Tags of the chain's last session.
    pub tags: Vec<SessionTag>,
    /// Checks of the final credentials.
    pub guard: Guard,
    /// The registries whose passwords are requested as well.
    pub registries: Registries,
    /// How long a refusal is retried, because a new role may not be available in IAM yet.
    pub wait_for_iam: Option<std::time::Duration>,
}

impl Request {
    /// The role of the final credentials.
    #[must_use]
    pub fn last_role(&self) -> &RoleArn {
        self.chain.last().map_or(&self.role, |hop| &hop.role)
    }
}

/// Temporary credentials.
#[derive(Debug)]
pub struct Credentials {
    /// `ASIA…`; not a secret by itself.
    pub access_key_id: String,
    /// The signing key.
    pub secret_access_key: Secret,
    /// The token of the temporary session.
    pub session_token: Secret,
    /// When they expire.
    pub expiration: SystemTime,
    /// Their account.
    pub account: AccountId,
    /// Whether the service confirmed the account. Otherwise it is from the role's ARN.
    pub confirmed: bool,
}
