//! What is asked of AWS, and what comes back.

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
    /// The role that the token is traded for.
    pub role: RoleArn,
    /// The session's name, which CloudTrail shows.
    pub session_name: SessionName,
    /// The last session's length; the service's own default is an hour.
    pub duration: Option<Duration>,
    /// The region for the job's own tools, where one was given.
    pub region: Option<Region>,
    /// The region whose STS is asked.
    pub sts_region: Region,
    /// An inline policy that narrows the last session.
    pub policy: Option<SessionPolicy>,
    /// Managed policies that narrow the last session.
    pub policy_arns: Vec<PolicyArn>,
    /// Further roles, each assumed with the session of the one before.
    pub chain: Vec<Hop>,
    /// Who is behind the sessions of the chain, for CloudTrail.
    pub source_identity: Option<SourceIdentity>,
    /// Tags of the chain's last session.
    pub tags: Vec<SessionTag>,
    /// What must hold of the final credentials.
    pub guard: Guard,
    /// The registries whose passwords are wanted as well.
    pub registries: Registries,
    /// How long a refusal is taken for IAM being slow to know a new role.
    pub wait_for_iam: Option<std::time::Duration>,
}

impl Request {
    /// The role whose credentials are handed over.
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
    /// The key that signs.
    pub secret_access_key: Secret,
    /// What marks the key as temporary.
    pub session_token: Secret,
    /// When they end.
    pub expiration: SystemTime,
    /// The account they are for.
    pub account: AccountId,
    /// Whether the service said so, and not the role's ARN alone.
    pub confirmed: bool,
}
