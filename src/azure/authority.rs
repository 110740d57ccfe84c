//! The address of Microsoft Entra: of the public cloud, of a sovereign cloud, or one that the user names.

use reqwest::Url;

use super::ids::{Scope, TenantId};
use crate::error::Usage;

/// A cloud with known addresses.
struct Known {
    /// Its name in `az cloud list`.
    name: &'static str,
    authority: &'static str,
    resource_manager: &'static str,
    /// The domain of its container registries.
    registries: &'static str,
}

/// <https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud>
const PUBLIC: Known = Known {
    name: "AzureCloud",
    authority: "https://login.microsoftonline.com",
    resource_manager: "https://management.azure.com",
    registries: "azurecr.io",
};
static KNOWN: [Known; 3] = [
    PUBLIC,
    Known {
        name: "AzureUSGovernment",
        authority: "https://login.microsoftonline.us",
        resource_manager: "https://management.usgovcloudapi.net",
        registries: "azurecr.us",
    },
    Known {
        name: "AzureChinaCloud",
        authority: "https://login.chinacloudapi.cn",
        resource_manager: "https://management.chinacloudapi.cn",
        registries: "azurecr.cn",
    },
];

/// The address of Microsoft Entra, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(String);

impl Default for Authority {
    fn default() -> Self {
        Self(PUBLIC.authority.to_owned())
    }
}

impl Authority {
    /// Parses a cloud's name as in `az`, ignoring case, or an address. An address may lack `https://`, as in
    /// `AZURE_AUTHORITY_HOST`: Microsoft's libraries add it.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        if let Some(known) = KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(text)) {
            return Ok(Self(known.authority.to_owned()));
        }
        // The address is not shown, because it may contain a password.
        let wrong = |why: &str| {
            Usage::new(format!("{option}: {why}"))
                .hint("write AzureCloud, AzureUSGovernment, AzureChinaCloud, or an address like https://login.microsoftonline.us")
        };
        let bare = !text.contains("://") && text.contains('.');
        let text = if bare { format!("https://{text}") } else { text.to_owned() };
        let url = Url::parse(&text).map_err(|_| wrong("this is neither a cloud's name nor an address"))?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(wrong("this is not an https address"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("an authority's address has no user name and no password"));
        }
        if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
            return Err(wrong("an authority's address has no path, no query and no fragment"));
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the public cloud's, the default of every client.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.0 == PUBLIC.authority
    }

    /// The token endpoint of `tenant`.
    #[must_use]
    pub fn token(&self, tenant: &TenantId) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.0, tenant.as_str())
    }

    /// The cloud's name in `az`, if it is known.
    #[must_use]
    pub fn cloud(&self) -> Option<&'static str> {
        self.known().map(|known| known.name)
    }

    /// The address of the cloud's Resource Manager, if the cloud is known.
    #[must_use]
    pub fn resource_manager_address(&self) -> Option<&'static str> {
        self.known().map(|known| known.resource_manager)
    }

    fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.authority == self.0)
    }

    /// The scope of the cloud's Resource Manager; the public cloud's if the cloud is not known.
    #[must_use]
    pub fn resource_manager(&self) -> Scope {
        Scope::all_of(self.known().unwrap_or(&PUBLIC).resource_manager)
    }
}

/// The cloud whose container registries have the domain `domain`.
pub(super) fn cloud_of_registries(domain: &str) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.registries == domain).map(|known| known.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Authority, Usage> {
        Authority::parse("--authority-host", text)
    }

    #[test]
    fn a_cloud_is_known_by_its_name_and_by_its_address() {
        for text in
            ["AzureUSGovernment", "azureusgovernment", "https://login.microsoftonline.us/", "login.microsoftonline.us"]
        {
            let authority = parse(text).unwrap();
            assert_eq!(authority.as_str(), "https://login.microsoftonline.us", "{text}");
            assert_eq!(authority.resource_manager().as_str(), "https://management.usgovcloudapi.net/.default");
            assert!(!authority.is_public());
        }
        let tenant = TenantId::parse("x", "contoso.com").unwrap();
        assert!(Authority::default().is_public() && parse("AzureCloud").unwrap().is_public());
        assert_eq!(
            Authority::default().token(&tenant),
            "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
        );
        assert_eq!(parse("http://127.0.0.1:8080").unwrap().as_str(), "http://127.0.0.1:8080");
    }

    #[test]
    fn what_is_no_authority_is_refused_and_not_shown() {
        for text in [
            "",
            "AzureMoon",
            "ftp://login.microsoftonline.com",
            "https://user:hunter2@h.test",
            "https://h.test/tenant",
            "https://h.test/?q=hunter2",
            "https://h.test/#f",
            "user:hunter2@h.test",
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with("--authority-host: ") && !error.contains("hunter2"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
