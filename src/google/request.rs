//! The request to Google, and the result.

use std::path::PathBuf;
use std::time::Duration;

use super::endpoint::Endpoints;
use super::impersonation::{Impersonation, Scope};
use super::provider::Provider;
use super::registry::Registries;
use crate::cloud::{AccessToken, ExecVersion};
use crate::secret::Secret;
use crate::shell::Name;

/// A validated request for Google credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The provider for the subject token.
    pub provider: Provider,
    /// The service account to impersonate; `None` for direct workload identity.
    pub impersonation: Option<Impersonation>,
    /// The scopes of the access token; [`Scope::CLOUD_PLATFORM`] if empty.
    pub scopes: Vec<Scope>,
    /// The addresses of the services.
    pub endpoints: Endpoints,
    /// How long a refusal is retried that a recent change may explain.
    pub wait_for_iam: Option<Duration>,
    /// The place of the credentials file.
    pub file: CredentialsFile,
    /// Whether the access token itself is exported.
    pub access_token: bool,
    /// The version of the output, if a Kubernetes client gets the access token.
    pub kubernetes: Option<ExecVersion>,
    /// The project for the job's tools.
    pub project: Option<String>,
    /// The registries whose passwords are requested.
    pub registries: Registries,
    /// Whether gcloud keeps its configuration directory.
    pub keep_gcloud_config: bool,
}

/// The place of the credentials file.
#[derive(Debug, PartialEq, Eq)]
pub enum CredentialsFile {
    /// In the job's private directory.
    Private,
    /// At a path that the user named.
    At(PathBuf),
    /// No credentials file.
    No,
}

/// The tokens that Google returned.
#[derive(Debug)]
pub struct Credentials {
    /// The access token of the service account, or the federated token without impersonation; `None` if only an ID
    /// token was requested.
    pub access_token: Option<AccessToken>,
    /// The service account's ID token.
    pub id_token: Option<Secret>,
}

impl Request {
    /// Whether only passwords of registries are requested: then nothing is exported.
    #[must_use]
    pub fn is_for_registries_only(&self) -> bool {
        !self.registries.hosts.is_empty()
            && self.file == CredentialsFile::No
            && !self.access_token
            && self.id_token_variable().is_none()
    }

    /// The variable for an ID token, if one is asked for.
    #[must_use]
    pub fn id_token_variable(&self) -> Option<&Name> {
        self.impersonation.as_ref().and_then(|asked| asked.id_token.as_ref()).map(|id| &id.variable)
    }

    /// Whether an access token is needed: for the job, or to test that the file will work.
    #[must_use]
    pub fn wants_access_token(&self) -> bool {
        self.access_token
            || self.kubernetes.is_some()
            || self.file != CredentialsFile::No
            || !self.registries.hosts.is_empty()
    }
}
