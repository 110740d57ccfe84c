//! Google's registries: those of Artifact Registry, which also serves gcr.io.

use super::UniverseDomain;
use crate::error::Usage;
use crate::registry::{Options, host_name};

/// The host name of a registry
/// (<https://docs.cloud.google.com/artifact-registry/docs/docker/names>,
/// <https://docs.cloud.google.com/artifact-registry/docs/transition/gcr-repositories>).
///
/// ```
/// use oidc_exchange::google::RegistryHost;
///
/// assert!(RegistryHost::parse("--registry", "europe-west1-docker.pkg.dev").is_ok());
/// assert!(RegistryHost::parse("--registry", "europe-west1.pkg.dev").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryHost(String);

/// The registries of a request, and how they are registered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Registries {
    /// The registries.
    pub hosts: Vec<RegistryHost>,
    /// How they are registered.
    pub options: Options,
}

const EXAMPLE: &str = "europe-west1-docker.pkg.dev";
const GCR: [&str; 4] = ["gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io"];

impl RegistryHost {
    /// Parses a registry's host name. `option` is the option that it came from.
    ///
    /// # Errors
    /// If it is not exactly the name of a Google registry. An access token must be sent to no other host.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let name = host_name(option, text, EXAMPLE, is_registry)?;
        if is_registry(name) {
            return Ok(Self(name.to_owned()));
        }
        Err(Usage::new(format!("{option}: `{name}` is not the name of a Google registry"))
            .hint(format!("write it like {EXAMPLE}, docker.europe-west1.rep.pkg.dev or gcr.io")))
    }

    /// Parses several names and removes duplicates.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse), and if the universe is not Google's public one.
    pub fn parse_all(option: &str, texts: &[String], universe: &UniverseDomain) -> Result<Vec<Self>, Usage> {
        let mut hosts = Vec::new();
        for text in texts {
            let host = Self::parse(option, text)?;
            if !universe.is_default() {
                return Err(Usage::new(format!("{option}: `{text}` is a registry of Google's public universe"))
                    .hint("leave out --universe-domain: a registry accepts no token of another universe"));
            }
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        Ok(hosts)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is exactly the name of a Google registry.
pub(super) fn is_registry(name: &str) -> bool {
    let location = |text: &str| !text.is_empty() && !text.contains('.');
    let regional = name.strip_prefix("docker.").and_then(|rest| rest.strip_suffix(".rep.pkg.dev"));
    let usual = name.strip_suffix("-docker.pkg.dev");
    GCR.contains(&name) || usual.or(regional).is_some_and(location)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_google_alone() {
        for good in [
            "gcr.io",
            "us.gcr.io",
            "eu.gcr.io",
            "asia.gcr.io",
            "us-docker.pkg.dev",
            "europe-west1-docker.pkg.dev",
            "docker.us-east4.rep.pkg.dev",
        ] {
            assert_eq!(RegistryHost::parse("--registry", good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "pkg.dev",
            "-docker.pkg.dev",
            "docker.pkg.dev",
            "europe-west1.pkg.dev",
            "a.b-docker.pkg.dev",
            "docker.rep.pkg.dev",
            "docker..rep.pkg.dev",
            "docker.a.b.rep.pkg.dev",
            "europe-west1-docker.pkg.dev.evil.example",
            "europe-west1-maven.pkg.dev",
            "evilgcr.io",
            "fr.gcr.io",
            "gcr.io.evil.example",
            "k8s.gcr.io",
            "https://gcr.io",
            "gcr.io/project",
            "*.gcr.io",
            "gcr.io:443",
            "GCR.io",
            "public.ecr.aws",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "acme.azurecr.io",
        ] {
            assert!(RegistryHost::parse("--registry", bad).is_err(), "{bad}");
        }
    }
}
