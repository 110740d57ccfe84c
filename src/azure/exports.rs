//! Azure credentials as the job gets them: a private file, and the variables that name it.

use super::{Request, az};
use crate::cloud::{AccessToken, Given, until};
use crate::emit::{Exports, Names, text_of};
use crate::error::Error;
use crate::host::Env;
use crate::shell::Name;
use crate::state::{NewFiles, StateDir};

const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const ARM_TOKEN_FILE: &str = "ARM_OIDC_TOKEN_FILE_PATH";
const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";
const TOKEN_CREDENTIALS: &str = "AZURE_TOKEN_CREDENTIALS";
const USE_OIDC: &str = "ARM_USE_OIDC";
/// The variables for the tenant, for Microsoft's libraries and for Terraform.
const TENANT: [&str; 2] = ["AZURE_TENANT_ID", "ARM_TENANT_ID"];
/// The variables for the application or managed identity, for both.
const CLIENT: [&str; 2] = ["AZURE_CLIENT_ID", "ARM_CLIENT_ID"];
/// The variable for the subscription, for Terraform.
const SUBSCRIPTION: &str = "ARM_SUBSCRIPTION_ID";

/// Variables that Microsoft's libraries or Terraform's providers would prefer to the token file:
/// <https://learn.microsoft.com/en-us/python/api/azure-identity/azure.identity.environmentcredential> and
/// <https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs#argument-reference>.
const BEATS_IT: [&str; 11] = [
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_URL",
];

/// The variables for the credentials. The failure output and `clean` unset them.
#[must_use]
pub fn credential_names() -> Vec<Name> {
    [TOKEN_FILE, ARM_TOKEN_FILE].map(Name::fixed).to_vec()
}

/// The same, and those that make a client use the credentials.
pub(super) fn names_left() -> Vec<Name> {
    [TOKEN_FILE, ARM_TOKEN_FILE, TOKEN_CREDENTIALS, USE_OIDC].map(Name::fixed).to_vec()
}

/// The variable for az's directory.
pub(super) fn az_directory() -> Name {
    Name::fixed(az::CONFIG_DIR)
}

/// The variable for az's directory, if its value is inside the job's private directory.
pub(super) fn leading_into(place: &StateDir, env: &Env) -> Vec<Name> {
    if az::leads_into(place, env) { vec![az_directory(), Name::fixed(az::CLOUD_NAME)] } else { Vec::new() }
}

/// Whether this variable has another meaning here, so that it must not hold an access token.
#[must_use]
pub fn is_taken(name: &Name) -> bool {
    let others =
        [TOKEN_FILE, ARM_TOKEN_FILE, AUTHORITY_HOST, TOKEN_CREDENTIALS, USE_OIDC, SUBSCRIPTION, "PATH", "HOME"];
    let of_az = [az::CONFIG_DIR, az::CLOUD_NAME, az::EXTENSION_DIR];
    others.iter().chain(&of_az).chain(&TENANT).chain(&CLIENT).chain(&BEATS_IT).any(|other| *other == name.as_str())
}

/// The variables that `request` sets and unsets.
#[must_use]
pub fn names(request: &Request) -> Names {
    let mut set = [TOKEN_FILE, TOKEN_CREDENTIALS, USE_OIDC, ARM_TOKEN_FILE].to_vec();
    set.extend(TENANT.into_iter().chain(CLIENT));
    let mut removed = BEATS_IT.to_vec();
    if request.authority.is_public() { &mut removed } else { &mut set }.push(AUTHORITY_HOST);
    if request.subscription.is_some() {
        set.push(SUBSCRIPTION);
    }
    let access_token = request.access_token_env.clone();
    Names {
        set: set.into_iter().map(Name::fixed).chain(access_token).collect(),
        removed: removed.into_iter().map(Name::fixed).collect(),
    }
}

/// The variables, with the file that they name.
///
/// # Errors
/// If the file cannot be written, or an environment variable cannot hold a value. The file is then deleted.
pub async fn exports(
    request: &Request,
    access_token: &AccessToken,
    given: &Given<'_>,
) -> Result<(Exports, NewFiles), Error> {
    let subscriptions = match &request.az {
        Some(_) => az::subscriptions(request, access_token, given).await?,
        None => Vec::new(),
    };
    let mut files = given.place.open()?.new_files();
    // There is no newline, because Microsoft's Python library would send it as a part of the token.
    let file = text_of(&files.file("azure-token", |_| Ok(given.token.jwt().clone())).await?)?;
    let mut removed: Vec<Name> = BEATS_IT.map(Name::fixed).to_vec();
    if request.authority.is_public() {
        removed.push(Name::fixed(AUTHORITY_HOST));
    }
    let mut exports = Exports::new(removed);
    let mut set = |name, value: &str| exports.set(Name::fixed(name), value.to_owned());
    let [tenant, arm_tenant] = TENANT;
    let [client, arm_client] = CLIENT;
    set(tenant, request.tenant.as_str())?;
    set(client, request.client.as_str())?;
    set(TOKEN_FILE, &file)?;
    if !request.authority.is_public() {
        set(AUTHORITY_HOST, request.authority.as_str())?;
    }
    // With this, Microsoft's libraries use no other credential.
    set(TOKEN_CREDENTIALS, "WorkloadIdentityCredential")?;
    set(USE_OIDC, "true")?;
    set(arm_tenant, request.tenant.as_str())?;
    set(arm_client, request.client.as_str())?;
    if let Some(subscription) = &request.subscription {
        set(SUBSCRIPTION, subscription.as_str())?;
    }
    set(ARM_TOKEN_FILE, &file)?;
    if let Some(wanted) = &request.az {
        for (name, value) in az::log_in(wanted, request, &subscriptions, given, &mut files).await? {
            set(name, &value)?;
        }
    }
    if let Some(name) = &request.access_token_env {
        exports.set_chosen(name.clone(), access_token.secret.reveal().to_owned())?;
        let end = access_token.expires.map_or_else(|| "an unknown time".into(), until);
        tracing::warn!("{name} is valid until {end}; nothing renews it");
    }
    Ok((exports, files))
}
