//! Amazon ECR: an API that issues passwords for sessions, and a registry that accepts them.

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::caller;
use super::{Room, Sts};
use crate::random;
use crate::server::{Answer, Request, Response, Server, ServerTls, Service, repeated};
use crate::sync::lock;

const PRIVATE: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
const PUBLIC: &str = "SpencerFrontendService.GetAuthorizationToken";

/// Amazon ECR and ECR Public, for the sessions of a Security Token Service.
pub struct Ecr {
    api: Server,
    registry: Server,
    store: Arc<Store>,
}

impl Ecr {
    /// Starts them over plain HTTP, or over TLS.
    ///
    /// # Errors
    /// If a server cannot be started.
    pub fn start(sts: &Sts, tls: Option<&ServerTls>) -> io::Result<Self> {
        let store = Arc::new(Store { sts: Arc::clone(&sts.room), state: Mutex::default() });
        let (for_api, for_registry) = (Arc::clone(&store), Arc::clone(&store));
        let api = Server::start(tls, |_| Arc::new(Api(for_api)))?;
        // Callers use it as their proxy, so it answers for every host name.
        let registry = Server::start(None, |_| Arc::new(Registry(for_registry)))?;
        Ok(Self { api, registry, store })
    }

    /// The registry. It requires a password from the API, and has one image, `web:1`.
    #[must_use]
    pub fn registry(&self) -> &Server {
        &self.registry
    }

    /// All passwords that were ever issued.
    #[must_use]
    pub fn issued(&self) -> Vec<String> {
        lock(&self.store.state).passwords.iter().map(|password| password.text.clone()).collect()
    }

    /// Sets the lifetime of later passwords; the default is 12 hours.
    pub fn set_lifetime(&self, lifetime: Duration) {
        lock(&self.store.state).lifetime = Some(lifetime);
    }

    /// Denies the API to this role.
    pub fn deny(&self, role: &str) {
        lock(&self.store.state).denied.push(role.to_owned());
    }
}

/// The API.
impl Deref for Ecr {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.api
    }
}

struct Store {
    sts: Arc<Room>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    passwords: Vec<Password>,
    lifetime: Option<Duration>,
    denied: Vec<String>,
}

struct Password {
    text: String,
    expires: SystemTime,
}

struct Api(Arc<Store>);

impl Api {
    fn act(&self, request: &Request) -> Result<Value, Response> {
        let action = match request.header("x-amz-target") {
            Some(PRIVATE) => "ecr",
            Some(PUBLIC) => "ecr-public",
            _ => return Err(error(400, "UnknownOperationException", "")),
        };
        let named = |name: &str, value: &str| request.header(name).is_some_and(|found| found == value);
        if request.method != "POST" || !named("content-type", "application/x-amz-json-1.1") {
            return Err(error(400, "SerializationException", ""));
        }
        let issued = lock(&self.0.sts.accounts).issued.clone();
        let session = caller::identify_for(request, &issued, action).map_err(|refusal| {
            let (code, message) = refusal.for_json();
            error(400, code, message)
        })?;
        let mut state = lock(&self.0.state);
        if state.denied.contains(&session.role_arn) {
            let message = format!(
                "User: {} is not authorized to perform: {action}:GetAuthorizationToken on resource: * because no \
                 identity-based policy allows the {action}:GetAuthorizationToken action",
                session.arn()
            );
            return Err(error(400, "AccessDeniedException", &message));
        }
        let expires = SystemTime::now() + state.lifetime.unwrap_or(Duration::from_hours(12));
        let text = random::base64(60);
        let since = expires.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let mut token = json!({
            "authorizationToken": STANDARD.encode(format!("AWS:{text}")),
            "expiresAt": since,
        });
        state.passwords.push(Password { text, expires });
        if action == "ecr-public" {
            return Ok(json!({ "authorizationData": token }));
        }
        token["proxyEndpoint"] = format!("https://{}.dkr.ecr.us-east-1.amazonaws.com", session.account()).into();
        Ok(json!({ "authorizationData": [token] }))
    }
}

impl Service for Api {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let answer = self.act(request).map(|body| Response::new(200, "application/x-amz-json-1.1", body.to_string()));
        Box::pin(
            async move { answer.unwrap_or_else(|refused| refused).with_header("x-amzn-requestid", random::uuid()) },
        )
    }

    fn throttled(&self) -> Response {
        error(400, "ThrottlingException", "Rate exceeded")
    }

    fn unavailable(&self) -> Response {
        error(503, "ServiceUnavailableException", "Service Unavailable")
    }

    fn indiscreet(&self, sent: &[Request]) -> Response {
        let keys = lock(&self.0.sts.accounts).issued.clone().into_iter().map(|issued| issued.secret_access_key);
        error(400, "AccessDeniedException", &repeated(sent, keys))
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::new(status, "application/x-amz-json-1.1", json!({ "__type": code, "message": message }).to_string())
}

/// The part of the registry protocol, version 2, that a pull needs
/// (<https://distribution.github.io/distribution/spec/api/>).
struct Registry(Arc<Store>);

impl Registry {
    fn lets_in(&self, request: &Request) -> bool {
        let basic = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let decoded = basic.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else { return false };
        let state = lock(&self.0.state);
        let lives = |known: &&Password| known.text == password && known.expires > SystemTime::now();
        user == "AWS" && state.passwords.iter().find(lives).is_some()
    }

    fn act(&self, request: &Request) -> Response {
        if request.method == "CONNECT" {
            return Response::new(403, "text/plain", "");
        }
        let path = request
            .path
            .split_once("://")
            .map_or(request.path.as_str(), |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
        if !self.lets_in(request) {
            let body = json!({ "errors": [{ "code": "DENIED", "message": "no basic auth credentials" }] });
            return Response::json(401, &body).with_header("www-authenticate", "Basic realm=\"ecr\"");
        }
        match path {
            "/v2/" => Response::json(200, &json!({})),
            "/v2/web/tags/list" => Response::json(200, &json!({ "name": "web", "tags": ["1"] })),
            _ => Response::json(404, &json!({ "errors": [{ "code": "NAME_UNKNOWN" }] })),
        }
    }
}

impl Service for Registry {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let answer = self.act(request).with_header("docker-distribution-api-version", "registry/2.0");
        Box::pin(async move { answer })
    }

    fn throttled(&self) -> Response {
        Response::new(429, "text/plain", "")
    }

    fn unavailable(&self) -> Response {
        Response::new(503, "text/plain", "")
    }
}
