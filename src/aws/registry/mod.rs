//! The Amazon ECR registries of a request, and the addresses of their APIs.

mod host;

use reqwest::Url;

pub use host::EcrHost;
pub(super) use host::{domain_of, is_registry};

use super::sdk_settings::SdkSettings;
use crate::error::Usage;
use crate::host::Env;
use crate::registry::Options;

/// The registries of a request, and how they are registered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Registries {
    /// The registries.
    pub hosts: Vec<EcrHost>,
    /// How they are registered.
    pub options: Options,
}

/// A registry, and the address of the API that returns its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Its name.
    pub host: EcrHost,
    /// The address.
    pub endpoint: Url,
}

impl Registry {
    /// Uses the address in `settings` for the service, like every SDK, or else the name's own address.
    ///
    /// # Errors
    /// If a setting is not a valid address.
    pub(super) fn new(host: EcrHost, settings: &SdkSettings, env: &Env) -> Result<Self, Usage> {
        let usual = || format!("https://{}/", host.api_host());
        let address = settings.endpoint_url(host.service_id()).unwrap_or_else(usual);
        let endpoint =
            Url::parse(&address).ok().filter(|url| url.has_host() && matches!(url.scheme(), "https" | "http"));
        if let Some(endpoint) = endpoint {
            return Ok(Self { host, endpoint });
        }
        let own = host.setting();
        let origin = match (env.get(own)?, env.get("AWS_ENDPOINT_URL")?) {
            (Some(_), _) => own,
            (None, Some(_)) => "AWS_ENDPOINT_URL",
            (None, None) => "endpoint_url in the AWS configuration file",
        };
        Err(Usage::new(format!("{origin} is not an https address"))
            .hint(format!("write it like https://{}", host.api_host())))
    }
}

impl EcrHost {
    /// The variable that sets the address of its API.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        if self.is_public() { "AWS_ENDPOINT_URL_ECR_PUBLIC" } else { "AWS_ENDPOINT_URL_ECR" }
    }

    /// The name of its API in the SDKs' settings. (The Rust SDK reads `ecr-public`, all others `ecr_public`:
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>.)
    fn service_id(&self) -> &'static str {
        if self.is_public() { "ECR_PUBLIC" } else { "ECR" }
    }

    /// The service's name in messages.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        if self.is_public() { "Amazon ECR Public" } else { "Amazon ECR" }
    }
}
