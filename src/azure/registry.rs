//! The registries of Azure Container Registry.

use super::authority::cloud_of_registries;
use super::{Authority, Scope};
use crate::error::Usage;
use crate::registry::{Options, host_name};

/// The name of a login server of Azure Container Registry
/// (<https://learn.microsoft.com/en-us/azure/container-registry/container-registry-concepts#registry>).
///
/// ```
/// use oidc_exchange::azure::RegistryHost;
///
/// assert_eq!(RegistryHost::parse("--registry", "contoso.azurecr.cn")?.cloud(), "AzureChinaCloud");
/// assert!(RegistryHost::parse("--registry", "contoso.azurecr.io.example.com").is_err());
/// # Ok::<(), oidc_exchange::error::Usage>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryHost {
    name: String,
    cloud: &'static str,
}

/// The registries of a request, and how they are registered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Registries {
    /// The registries.
    pub hosts: Vec<RegistryHost>,
    /// How they are registered.
    pub options: Options,
}

const EXAMPLE: &str = "contoso.azurecr.io";

/// The scope of the access tokens that registries accept
/// (<https://github.com/Azure/azure-sdk-for-go/blob/main/sdk/containers/azcontainerregistry/CHANGELOG.md>).
#[must_use]
pub fn scope() -> Scope {
    Scope::all_of("https://containerregistry.azure.net")
}

/// Whether this is exactly the name of an Azure registry.
pub(super) fn is_registry(name: &str) -> bool {
    cloud_of(name).is_some()
}

/// The cloud of the registry with this name: `NAME.azurecr.io`, or the domain of a sovereign cloud.
fn cloud_of(name: &str) -> Option<&'static str> {
    let (own, domain) = name.split_once('.')?;
    cloud_of_registries(domain).filter(|_| !own.is_empty())
}

impl RegistryHost {
    /// Parses a registry's host name. `option` is the option that it came from.
    ///
    /// # Errors
    /// If it is not exactly the name of an Azure registry. An access token must be sent to no other host.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let name = host_name(option, text, EXAMPLE, is_registry)?;
        let cloud = cloud_of(name).ok_or_else(|| {
            Usage::new(format!("{option}: `{name}` is not the name of an Azure registry")).hint(format!(
                "write it like {EXAMPLE}: az acr show --name contoso --query loginServer --output tsv prints it"
            ))
        })?;
        Ok(Self { name: name.to_owned(), cloud })
    }

    /// Parses several names and removes duplicates.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse). Also if a registry is in another cloud than `authority`, because it does not
    /// accept those tokens.
    pub fn parse_all(option: &str, texts: &[String], authority: &Authority) -> Result<Vec<Self>, Usage> {
        let mut hosts = Vec::new();
        for text in texts {
            let host = Self::parse(option, text)?;
            if let Some(cloud) = authority.cloud().filter(|cloud| *cloud != host.cloud) {
                return Err(Usage::new(format!(
                    "{option}: `{text}` is in the cloud {}, and --authority-host is that of {cloud}",
                    host.cloud
                ))
                .hint(format!("name the registry's cloud: --authority-host {}", host.cloud)));
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
        &self.name
    }

    /// Its cloud, as in `az cloud list`.
    #[must_use]
    pub fn cloud(&self) -> &'static str {
        self.cloud
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_a_registry_of_azure_alone() {
        for (good, cloud) in [
            ("contoso.azurecr.io", "AzureCloud"),
            ("contoso-e6bdfehvbsbycsh8.azurecr.io", "AzureCloud"),
            ("contoso.azurecr.us", "AzureUSGovernment"),
            ("contoso.azurecr.cn", "AzureChinaCloud"),
        ] {
            let host = RegistryHost::parse("--registry", good).unwrap();
            assert_eq!((host.as_str(), host.cloud()), (good, cloud));
        }
        for bad in [
            "",
            "contoso",
            "azurecr.io",
            ".azurecr.io",
            "contoso.azurecr.de",
            "contoso.westeurope.data.azurecr.io",
            "contoso.azurecr.io.evil.example",
            "contoso.azurecr.io.",
            "contoso.evilazurecr.io",
            "contosoazurecr.io",
            "contoso.azurecr.io:443",
            "contoso.azurecr.io/web",
            "https://contoso.azurecr.io",
            "*.azurecr.io",
            "Contoso.azurecr.io",
            "-contoso.azurecr.io",
            "contoso_1.azurecr.io",
            "contoso@azurecr.io",
            "mcr.microsoft.com",
            "gcr.io",
            "public.ecr.aws",
        ] {
            assert!(RegistryHost::parse("--registry", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_registry_is_in_the_cloud_that_vouches() {
        let all = |host: &str, authority: &str| {
            let authority = Authority::parse("--authority-host", authority).unwrap();
            RegistryHost::parse_all("--registry", &[host.to_owned(), host.to_owned()], &authority)
        };
        assert_eq!(all("contoso.azurecr.us", "AzureUSGovernment").unwrap().len(), 1);
        assert!(
            all("contoso.azurecr.us", "AzureCloud").is_err() && all("contoso.azurecr.io", "AzureChinaCloud").is_err()
        );
        assert!(all("contoso.azurecr.io", "https://login.example.com").is_ok(), "a cloud that is not known");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_read_ends_as_azures_do(text in "([a-z0-9-]{1,6}[.:/@]?){1,3}(azurecr[.](io|us|cn))?[a-z./:]{0,4}") {
            if let Ok(host) = RegistryHost::parse("--registry", &text) {
                let (own, domain) = host.as_str().split_once('.').unwrap();
                proptest::prop_assert!(!own.is_empty() && ["azurecr.io", "azurecr.us", "azurecr.cn"].contains(&domain));
                let url = reqwest::Url::parse(&format!("https://{}/", host.as_str())).unwrap();
                proptest::prop_assert_eq!(url.host_str(), Some(host.as_str()));
            }
        }
    }
}
