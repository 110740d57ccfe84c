//! Microsoft Entra's token endpoint, with tenants, applications and federated credentials; Azure Resource Manager's
//! list of subscriptions; and a container registry.

mod acr;
mod refusal;
mod token;

use std::collections::HashMap;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::jwt::Keys;
use crate::server::{Answer, Request, Response, Server, ServerTls, Service, repeated};
use crate::sync::lock;
pub use acr::Acr;

/// A federated credential of an application.
#[derive(Clone, Debug)]
pub struct FederatedCredential {
    /// The issuer, compared exactly.
    pub issuer: String,
    /// The subject, compared exactly.
    pub subject: String,
    /// The audience, compared exactly.
    pub audience: String,
}

/// Microsoft Entra, without tenants and applications at first.
pub struct Entra {
    server: Server,
    room: Arc<Room>,
}

impl Deref for Entra {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Entra {
    /// Starts it over plain HTTP.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn start() -> io::Result<Self> {
        Self::serve(None)
    }

    /// Starts it over TLS.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn start_tls(tls: &ServerTls) -> io::Result<Self> {
        Self::serve(Some(tls))
    }

    fn serve(tls: Option<&ServerTls>) -> io::Result<Self> {
        let room = Arc::new(Room::default());
        let inside = Arc::clone(&room);
        let server = Server::start(tls, |_| inside)?;
        Ok(Self { server, room })
    }

    /// Creates or replaces an application in a tenant, without a federated credential.
    pub fn create_application(&self, tenant: &str, client: &str) {
        lock(&self.room.state).applications.insert((tenant.to_owned(), client.to_owned()), Vec::new());
    }

    /// Adds a federated credential to an application.
    pub fn add_credential(&self, tenant: &str, client: &str, issuer: &str, subject: &str, audience: &str) {
        let credential = FederatedCredential {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            audience: audience.to_owned(),
        };
        let key = (tenant.to_owned(), client.to_owned());
        lock(&self.room.state).applications.entry(key).or_default().push(credential);
    }

    /// Adds a subscription that every application can list.
    pub fn add_subscription(&self, id: &str, name: &str) {
        lock(&self.room.state).subscriptions.push((id.to_owned(), name.to_owned()));
    }

    /// Adds a trusted certificate authority (PEM) for downloads of an issuer's keys.
    pub fn trust_ca(&self, pem: &str) {
        lock(&self.room.state).roots.push(pem.to_owned());
    }

    /// Drops the downloaded keys, so that the next token requires a download.
    pub fn forget_keys(&self) {
        self.room.keys.forget();
    }

    /// Returns a function that finds the owner of an access token.
    pub fn users(&self) -> impl Fn(&str) -> Option<String> + Send + Sync + use<> {
        let room = Arc::clone(&self.room);
        move |token| lock(&room.state).issued.iter().any(|issued| issued == token).then(|| "an application".into())
    }

    /// All access tokens that were ever issued, whether the answer was sent or not.
    #[must_use]
    pub fn issued(&self) -> Vec<String> {
        lock(&self.room.state).issued.clone()
    }
}

/// The mutable state of the services.
#[derive(Default)]
struct State {
    /// By tenant and client id.
    applications: HashMap<(String, String), Vec<FederatedCredential>>,
    issued: Vec<String>,
    /// Access tokens for Azure Resource Manager.
    managing: Vec<String>,
    /// Access tokens for registries, each with its tenant.
    pulling: Vec<(String, String)>,
    /// By id and name.
    subscriptions: Vec<(String, String)>,
    roots: Vec<String>,
}

#[derive(Default)]
struct Room {
    state: Mutex<State>,
    keys: Keys,
}

impl Room {
    async fn act(&self, request: &Request) -> Result<Response, Response> {
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), &parts[..]) {
            ("POST", [tenant, "oauth2", "v2.0", "token"]) => token::token(self, tenant, request).await,
            ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => Ok(discovery(tenant, request)),
            ("GET", ["subscriptions"]) => self.subscriptions(request),
            _ => Err(Response::html(404)),
        }
    }
}

impl Room {
    /// <https://learn.microsoft.com/en-us/rest/api/resources/subscriptions/list>
    fn subscriptions(&self, request: &Request) -> Result<Response, Response> {
        let state = lock(&self.state);
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(token) = bearer else {
            let words = "Authentication failed. The 'Authorization' header is missing.";
            return Err(managers_error(401, "AuthenticationFailed", words));
        };
        if !state.managing.iter().any(|issued| issued == token) {
            return Err(managers_error(401, "InvalidAuthenticationToken", "The access token is invalid."));
        }
        let listed = state.subscriptions.iter().map(|(id, name)| {
            json!({
                "id": format!("/subscriptions/{id}"),
                "subscriptionId": id,
                "tenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47",
                "displayName": name,
                "state": "Enabled",
                "authorizationSource": "RoleBased",
                "managedByTenants": [],
            })
        });
        Ok(Response::json(200, &json!({ "value": listed.collect::<Vec<_>>(), "count": { "type": "Total" } })))
    }
}

/// An error in the format of Azure Resource Manager.
fn managers_error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({ "error": { "code": code, "message": message } }))
}

/// The answer to MSAL's first request.
fn discovery(tenant: &str, request: &Request) -> Response {
    let base = format!("https://{}/{tenant}", request.header("host").unwrap_or_default());
    Response::json(
        200,
        &json!({
            "issuer": format!("{base}/v2.0"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        }),
    )
}

impl Service for Room {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        Box::pin(async move { self.act(request).await.unwrap_or_else(|refused| refused) })
    }

    fn throttled(&self) -> Response {
        refusal::error(429, "temporarily_unavailable", 90_055, "The tenant sends too many requests.")
    }

    fn unavailable(&self) -> Response {
        refusal::error(503, "temporarily_unavailable", 90_033, "A transient error has occurred. Please try again.")
    }

    fn indiscreet(&self, sent: &[Request]) -> Response {
        if sent.last().is_some_and(|request| request.path == "/subscriptions") {
            return managers_error(403, "AuthorizationFailed", &repeated(sent, []));
        }
        refusal::error(400, "unauthorized_client", 700_016, &repeated(sent, []))
    }
}
