//! What is asked of Azure, and what comes back.

use std::time::Duration;

use super::authority::Authority;
use super::ids::{ClientId, Scope, SubscriptionId, TenantId};
use super::registry::Registries;
use crate::cloud::ExecVersion;
use crate::shell::Name;

/// In which cloud az has to be logged in.
#[derive(Debug, PartialEq, Eq)]
pub struct Az {
    /// The cloud, as `az cloud list` names it.
    pub cloud: String,
}

/// A validated request for Azure credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// Where Microsoft Entra is.
    pub authority: Authority,
    /// The tenant of the application or managed identity.
    pub tenant: TenantId,
    /// The application or managed identity.
    pub client: ClientId,
    /// The subscription for the job's tools.
    pub subscription: Option<SubscriptionId>,
    /// What the access token is for.
    pub scope: Scope,
    /// The variable for the access token itself, if the job gets it.
    pub access_token_env: Option<Name>,
    /// The version of the answer, if a Kubernetes client gets the access token.
    pub kubernetes: Option<ExecVersion>,
    /// The directory in which az is logged in, if the job gets one.
    pub az: Option<Az>,
    /// The registries whose passwords are wanted.
    pub registries: Registries,
    /// Whether these are all that is wanted: nothing is exported.
    pub registries_only: bool,
    /// How long a refusal that a recent change would explain is retried.
    pub wait_for_iam: Option<Duration>,
}
