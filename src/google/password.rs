//! Access tokens as passwords of Google's registries
//! (<https://docs.cloud.google.com/artifact-registry/docs/docker/authentication#token>).

use super::{Credentials, Request, ServiceAccount};
use crate::host::Clock;
use crate::registry::{Login, Password, Renewal};

const USERNAME: &str = "oauth2accesstoken";

/// The passwords of the registries in `request`. All have the same token.
#[must_use]
pub fn logins(request: &Request, credentials: &Credentials, clock: &Clock) -> Vec<Login> {
    let Some(token) = &credentials.access_token else { return Vec::new() };
    // A token with unknown expiry is not kept.
    let expires = token.expires.unwrap_or_else(|| clock.now());
    let login = |server: &str| Login {
        server: server.to_owned(),
        password: Password { username: USERNAME.into(), secret: token.secret.clone(), expires },
        renewal: renewal(request, server),
    };
    request.registries.hosts.iter().map(|host| login(host.as_str())).collect()
}

/// The command line that gets the password of the registry `server` again.
fn renewal(request: &Request, server: &str) -> Renewal {
    let mut words = vec!["gcp".to_owned()];
    let mut option = |name: &str, value: &str| words.extend([format!("--{name}"), value.to_owned()]);
    option("registry", server);
    option("provider", &request.provider.resource());
    option("sts-endpoint", &request.endpoints.token());
    option("iamcredentials-endpoint", request.endpoints.iam_credentials());
    if let Some(asked) = &request.impersonation {
        option("service-account", asked.account.email());
        asked.delegates.iter().map(ServiceAccount::email).for_each(|email| option("delegate", email));
        if let Some(lifetime) = asked.lifetime {
            option("lifetime", &lifetime.seconds().to_string());
        }
    }
    request.scopes.iter().for_each(|scope| option("scope", scope.as_str()));
    Renewal(words)
}
