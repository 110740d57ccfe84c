//! Makes a directory in which az, the Azure CLI, is logged in.
//!
//! `az login` accepts a token only on its command line, where others can read it. So this module writes the files
//! that `az login` would write, in the format of az 2.91. Then az uses the subject token to get access tokens, like
//! the SDKs.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::request::{Az, Request};
use super::subscriptions::{self, Subscription};
use crate::cloud::{AccessToken, Given};
use crate::emit::text_of;
use crate::error::{Error, Exit, Report};
use crate::host::Env;
use crate::input::{self, Fault, Kind};
use crate::secret::Secret;
use crate::state::{self, NewFiles, StateDir};

/// The variable for the directory of az's files
/// (<https://learn.microsoft.com/en-us/cli/azure/azure-cli-configuration>).
pub(super) const CONFIG_DIR: &str = "AZURE_CONFIG_DIR";
/// The variable for the cloud that az uses, one of those in its files.
pub(super) const CLOUD_NAME: &str = "AZURE_CLOUD_NAME";
/// The variable for az's extensions; by default they are below the directory.
pub(super) const EXTENSION_DIR: &str = "AZURE_EXTENSION_DIR";

/// The files with settings that are copied from the old directory. They contain no credentials.
const SETTINGS: [&str; 2] = ["config", "clouds.config"];

/// The subscriptions for az: the one that was named, or else all that the application can access.
///
/// # Errors
/// If they must be listed, and this fails.
pub(super) async fn subscriptions(
    request: &Request,
    access_token: &AccessToken,
    given: &Given<'_>,
) -> Result<Vec<Subscription>, Error> {
    match (&request.subscription, request.authority.resource_manager_address()) {
        (Some(id), _) => {
            let name = id.as_str().to_owned();
            Ok(vec![Subscription { id: id.clone(), name, state: "Enabled".into(), home: None }])
        }
        (None, Some(address)) => subscriptions::list(address, access_token, given).await,
        (None, None) => Ok(Vec::new()),
    }
}

/// Variables with values.
type Variables = Vec<(&'static str, String)>;

/// Makes the directory. Returns the variables that make az use it.
///
/// # Errors
/// If it cannot be written, or az's settings cannot be read.
pub(super) async fn log_in(
    az: &Az,
    request: &Request,
    subscriptions: &[Subscription],
    given: &Given<'_>,
    files: &mut NewFiles,
) -> Result<Variables, Error> {
    let env = &given.host.env;
    let old = directory(env)?;
    let settings = match old.clone() {
        Some(old) => read(old, given).await?,
        None => Vec::new(),
    };
    let new = files.directory("az").await?;
    let write = |name: &str, bytes: &[u8]| {
        let path = new.join(name);
        state::write_private(&path, bytes).map_err(|error| state::Error::write(path, error))
    };
    for (name, bytes) in &settings {
        write(name, bytes)?;
    }
    write("service_principal_entries.json", entries(request, given.token.jwt()).reveal().as_bytes())?;
    write("azureProfile.json", profile(az, request, subscriptions).as_bytes())?;
    let mut variables = vec![(CONFIG_DIR, text_of(&new)?)];
    variables.push((CLOUD_NAME, az.cloud.clone()));
    let extensions = old.map(|old| old.join("cliextensions")).filter(|path| path.is_dir());
    if let Some(extensions) = extensions.filter(|_| env.raw(EXTENSION_DIR).is_none()) {
        variables.push((EXTENSION_DIR, text_of(&extensions)?));
    }
    Ok(variables)
}

/// Whether the environment names a directory inside the job's private directory.
pub(super) fn leads_into(place: &StateDir, env: &Env) -> bool {
    env.raw(CONFIG_DIR).is_some_and(|path| place.holds(path.as_ref()))
}

/// The directory that az would use without this program.
fn directory(env: &Env) -> Result<Option<PathBuf>, Error> {
    if let Some(path) = env.get(CONFIG_DIR)? {
        return Ok(Some(path.into()));
    }
    Ok(env.get("HOME")?.map(|home| Path::new(&home).join(".azure")))
}

/// The files with settings in the directory, by name.
async fn read(directory: PathBuf, given: &Given<'_>) -> Result<Vec<(&'static str, Vec<u8>)>, Error> {
    let reading = input::apart(given.deadline.remaining(), move |reader| {
        let mut found = Vec::new();
        for name in SETTINGS {
            let path = directory.join(name);
            match reader.file("az's configuration", &path, Kind::Configuration) {
                Ok(bytes) => found.push((name, bytes)),
                Err(fault) if fault.is_absence() => {}
                Err(fault) => return Err(unread(&path, &fault)),
            }
        }
        Ok(found)
    });
    reading.await.map_err(|unfinished| unfinished.usage("before --timeout"))?
}

fn unread(path: &Path, fault: &Fault) -> Error {
    let report = Report::new(format!("cannot copy az's configuration: cannot read {}: {fault}", path.display()));
    Error::new(Exit::Output, report.hints([format!("name a directory that can be read with {CONFIG_DIR}")]))
}

/// The credentials that az uses to log in.
fn entries(request: &Request, jwt: &Secret) -> Secret {
    let entry = json!([{
        "client_id": request.client.as_str(),
        "tenant": request.tenant.as_str(),
        "client_assertion": jwt.reveal(),
    }]);
    Secret::new(entry.to_string())
}

/// az's name for an account without a subscription.
const TENANT_LEVEL: &str = "N/A(tenant level account)";

/// The accounts that az lists. The first enabled subscription is the default.
fn profile(az: &Az, request: &Request, subscriptions: &[Subscription]) -> String {
    let tenant = request.tenant.as_str();
    let account = |id: &str, name: &str, state: &str, default: bool, home: &str| {
        json!({
            "id": id,
            "name": name,
            "state": state,
            "user": { "name": request.client.as_str(), "type": "servicePrincipal" },
            "isDefault": default,
            "tenantId": tenant,
            "environmentName": az.cloud,
            "homeTenantId": home,
            "managedByTenants": [],
        })
    };
    let default = subscriptions.iter().position(|one| one.state == "Enabled").unwrap_or(0);
    let mut accounts: Vec<_> = subscriptions
        .iter()
        .enumerate()
        .map(|(at, one)| {
            account(one.id.as_str(), &one.name, &one.state, at == default, one.home.as_deref().unwrap_or(tenant))
        })
        .collect();
    if accounts.is_empty() {
        accounts.push(account(tenant, TENANT_LEVEL, "Enabled", true, tenant));
    }
    json!({ "subscriptions": accounts }).to_string()
}
