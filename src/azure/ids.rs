//! Identifiers of tenants, applications, subscriptions and scopes.

use crate::error::Usage;

/// Whether `text` has the form of a GUID: 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A tenant: its id, or one of its domains.
///
/// ```
/// use oidc_exchange::azure::TenantId;
///
/// assert!(TenantId::parse("--tenant-id", "72f988bf-86f1-41af-91ab-2d7cd011db47").is_ok());
/// assert!(TenantId::parse("--tenant-id", "contoso.onmicrosoft.com").is_ok());
/// assert!(TenantId::parse("--tenant-id", "common").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantId(String);

impl TenantId {
    /// Parses a tenant's id or domain.
    ///
    /// # Errors
    /// If it is something else. For example, `common` and `organizations` are not tenants.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let domain = text.len() <= 253 && text.contains('.') && text.split('.').all(label);
        if is_guid(text) || domain {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{option}: `{text}` is not a tenant's ID"))
            .hint("write the directory (tenant) ID, a GUID, or a domain of the tenant")
            .hint("az account show --query tenantId --output tsv prints it"))
    }

    /// The id or the domain.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The client id of an application or a managed identity.
///
/// ```
/// use oidc_exchange::azure::ClientId;
///
/// assert!(ClientId::parse("--client-id", "00001111-aaaa-2222-bbbb-3333cccc4444").is_ok());
/// assert!(ClientId::parse("--client-id", "api://deploy").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// Parses a client id.
    ///
    /// # Errors
    /// If it is not a GUID.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        if is_guid(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{option}: `{text}` is not a client ID, which is a GUID"))
            .hint("for an application: az ad app list --display-name NAME --query '[].appId' --output tsv")
            .hint("for a managed identity: az identity show --resource-group GROUP --name NAME --query clientId --output tsv"))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionId(String);

impl SubscriptionId {
    /// Parses a subscription's id.
    ///
    /// # Errors
    /// If it is not a GUID, for example a subscription's name.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        if is_guid(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{option}: `{text}` is not a subscription's ID, which is a GUID"))
            .hint("az account list --query '[].{name:name, id:id}' --output table prints names and IDs"))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The scope of an access token: all permissions of the application for one resource.
///
/// ```
/// use oidc_exchange::azure::Scope;
///
/// assert!(Scope::parse("--scope", "https://vault.azure.net/.default").is_ok());
/// assert!(Scope::parse("--scope", "https://graph.microsoft.com/User.Read").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

/// The end of a scope that an application may request in its own name:
/// <https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc#the-default-scope>.
const DEFAULT: &str = "/.default";

impl Scope {
    /// The scope for a resource that this program defines.
    pub(super) fn all_of(resource: &'static str) -> Self {
        Self(format!("{resource}/.default"))
    }

    /// Parses a scope.
    ///
    /// # Errors
    /// If it is something else, or several scopes.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        if text.split_whitespace().nth(1).is_some() {
            return Err(Usage::new(format!("{option}: an access token has one scope, and this is several"))
                .hint("run one exchange for each resource"));
        }
        let resource = text.strip_suffix(DEFAULT);
        if text.bytes().all(|byte| byte.is_ascii_graphic()) && resource.is_some_and(|resource| !resource.is_empty()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{option}: `{text}` is not RESOURCE/.default"))
            .hint("an application can only ask for RESOURCE/.default, for example https://vault.azure.net/.default"))
    }

    /// The scope.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    #[test]
    fn ids_are_guids() {
        for good in [GUID, "72F988BF-86F1-41AF-91AB-2D7CD011DB47"] {
            assert!(ClientId::parse("--client-id", good).is_ok() && SubscriptionId::parse("x", good).is_ok(), "{good}");
        }
        for bad in ["", "deploy", "72f988bf86f141af91ab2d7cd011db47", "{72f988bf-86f1-41af-91ab-2d7cd011db47}", "g"] {
            assert!(ClientId::parse("--client-id", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tenant_cannot_lead_to_another_path_of_the_authority() {
        for good in [GUID, "contoso.onmicrosoft.com", "contoso.com"] {
            assert!(TenantId::parse("--tenant-id", good).is_ok(), "{good}");
        }
        for bad in
            ["", "common", "organizations", "consumers", "..", ".", "a/b.c", "a.b/../c", "a b.c", "a.b?x", "-a.b"]
        {
            assert!(TenantId::parse("--tenant-id", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_scope_is_one_resource_and_all_of_it() {
        for good in [
            "https://management.azure.com/.default",
            "https://management.core.windows.net//.default",
            "6dae42f8-4368-4678-94ff-3960e28e3630/.default",
            "api://deploy/.default",
        ] {
            assert!(Scope::parse("--scope", good).is_ok(), "{good}");
        }
        for bad in ["", "/.default", "https://vault.azure.net", "a/.default b/.default", "a/.DEFAULT", "ä/.default"] {
            assert!(Scope::parse("--scope", bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in ".{0,60}") {
            let _ = (TenantId::parse("x", &text), ClientId::parse("x", &text), Scope::parse("x", &text));
        }
    }
}
