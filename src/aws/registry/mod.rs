//! Which registries of Amazon ECR are asked for, and where their passwords are.

mod host;

use reqwest::Url;

pub use host::EcrHost;

use crate::error::Usage;
use crate::host::Env;
use crate::registry::Options;

/// The registries of a request, and how they are registered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Registries {
    /// The registries.
    pub hosts: Vec<Registry>,
    /// How they are registered.
    pub options: Options,
}

/// A registry, and the address that gives its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Its name.
    pub host: EcrHost,
    /// The address.
    pub endpoint: Url,
}

impl Registry {
    /// Reads a registry's name. The address is what `AWS_ENDPOINT_URL_ECR` (`AWS_ENDPOINT_URL_ECR_PUBLIC`) or `AWS_ENDPOINT_URL`
    /// names, as in the SDKs
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>), and otherwise what the name gives.
    ///
    /// # Errors
    /// When it is not a registry of ECR, or the variable is not an address.
    pub fn parse(option: &str, text: &str, env: &Env) -> Result<Self, Usage> {
        let host = EcrHost::parse(option, text)?;
        let own = host.setting();
        let ignored = env.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.is_some_and(|it| it.eq_ignore_ascii_case("true"));
        let (origin, address) = match (env.get(own)?, env.get("AWS_ENDPOINT_URL")?) {
            (Some(address), _) if !ignored => (own, address),
            (None, Some(address)) if !ignored => ("AWS_ENDPOINT_URL", address),
            _ => (own, format!("https://{}/", host.api_host())),
        };
        let endpoint =
            Url::parse(&address).ok().filter(|url| url.has_host() && matches!(url.scheme(), "https" | "http"));
        let endpoint = endpoint.ok_or_else(|| {
            Usage::new(format!("{origin} is not an https address"))
                .hint(format!("write it like https://{}", host.api_host()))
        })?;
        Ok(Self { host, endpoint })
    }
}

impl EcrHost {
    /// The variable that names the address of its API.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        if self.is_public() { "AWS_ENDPOINT_URL_ECR_PUBLIC" } else { "AWS_ENDPOINT_URL_ECR" }
    }

    /// Who gives its password, for a person.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        if self.is_public() { "Amazon ECR Public" } else { "Amazon ECR" }
    }
}
