//! The request to Azure.

use std::time::Duration;

use super::authority::Authority;
use super::ids::{ClientId, Scope, SubscriptionId, TenantId};
use super::registry::Registries;
use crate::cloud::ExecVersion;
use crate::shell::Name;

/// The request for a directory in which az is logged in.
#[derive(Debug, PartialEq, Eq)]
pub struct Az {
    /// The cloud, as in `az cloud list`.
    pub cloud: String,
}

/// A validated request for Azure credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The address of Microsoft Entra.
    pub authority: Authority,
    /// The tenant of the application or managed identity.
    pub tenant: TenantId,
    /// The application or managed identity.
    pub client: ClientId,
    /// The subscription for the job's tools.
    pub subscription: Option<SubscriptionId>,
    /// The scope of the access token.
    pub scope: Scope,
    /// The variable for the access token itself, if the job gets it.
    pub access_token_env: Option<Name>,
    /// The version of the output, if a Kubernetes client gets the access token.
    pub kubernetes: Option<ExecVersion>,
    /// The directory in which az is logged in, if the job gets one.
    pub az: Option<Az>,
    /// The registries whose passwords are requested.
    pub registries: Registries,
    /// Whether only these passwords are requested: then nothing is exported.
    pub registries_only: bool,
    /// How long a refusal is retried that a recent change may explain.
    pub wait_for_iam: Option<Duration>,
}
