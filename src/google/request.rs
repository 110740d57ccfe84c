//! What is asked of Google, and what comes back.

use std::path::PathBuf;
use std::time::Duration;

use super::endpoint::Endpoints;
use super::impersonation::{Impersonation, Scope};
use super::provider::Provider;
use super::registry::Registries;
use crate::cloud::{AccessToken, ExecVersion};
use crate::secret::Secret;

/// A validated request for Google credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The provider that vouches for the subject token.
    pub provider: Provider,
    /// Whom to act as; nobody for direct workload identity.
    pub impersonation: Option<Impersonation>,
    /// What the access token is good for; [`Scope::CLOUD_PLATFORM`] when empty.
    pub scopes: Vec<Scope>,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// How long a refusal that a change made a moment ago would explain is tried again.
    pub wait_for_iam: Option<Duration>,
    /// Where the credentials file goes.
    pub file: CredentialsFile,
    /// Whether the access token itself is handed out.
    pub access_token: bool,
    /// The version of the answer, if a Kubernetes client gets the access token.
    pub kubernetes: Option<ExecVersion>,
    /// The project for the job's tools.
    pub project: Option<String>,
    /// The registries whose passwords are wanted.
    pub registries: Registries,
    /// Whether gcloud keeps its own configuration directory.
    pub keep_gcloud_config: bool,
}

/// Where the credentials file goes.
#[derive(Debug, PartialEq, Eq)]
pub enum CredentialsFile {
    /// Into the job's private directory.
    Private,
    /// To a place of the user's.
    At(PathBuf),
    /// Nowhere: there is none.
    No,
}

/// What Google gave.
#[derive(Debug)]
pub struct Credentials {
    /// The service account's access token, or the federated one without impersonation; none where only an ID token was
    /// asked for.
    pub access_token: Option<AccessToken>,
    /// The service account's ID token.
    pub id_token: Option<Secret>,
}

impl Request {
    /// Whether it is for the passwords of registries, and nothing is exported.
    #[must_use]
    pub fn is_for_registries_only(&self) -> bool {
        !self.registries.hosts.is_empty()
            && self.file == CredentialsFile::No
            && !self.access_token
            && self.impersonation.as_ref().is_none_or(|asked| asked.id_token.is_none())
    }

    /// Whether an access token is needed: for the caller, or to see that the file will work.
    #[must_use]
    pub fn wants_access_token(&self) -> bool {
        self.access_token
            || self.kubernetes.is_some()
            || self.file != CredentialsFile::No
            || !self.registries.hosts.is_empty()
    }
}
