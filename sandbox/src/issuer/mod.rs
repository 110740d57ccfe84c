//! An OpenID Connect issuer like Semaphore's: one organisation, its keys, its jobs' tokens.

mod claims;
mod environment;
mod job;
mod key;
mod subject;

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::server::{Fault, Request, Response, Server, ServerTls, Service};
use crate::sync::lock;
pub use job::Job;
pub use key::Curve;
use key::SigningKey;

/// The path of the discovery document.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The path of the published keys.
pub const JWKS: &str = "/.well-known/jwks.json";
/// The cache header of the hosted service.
const CACHE_CONTROL: &str = "max-age=900, public, must-revalidate";

/// An issuer. Its URL is the `iss`, and the default `aud`, of its tokens.
pub struct Issuer {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// Its keys, and deliberate faults in what it publishes.
struct State {
    keys: Vec<Arc<SigningKey>>,
    members: Vec<(String, Value)>,
    published: Option<Vec<Value>>,
    ahead: i64,
}

/// An outage of the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Connections are reset before an answer.
    Unreachable,
    /// Status 500.
    ServerError,
    /// Status 200 with an HTML page.
    Html,
}

impl Issuer {
    /// Starts an issuer over plain HTTP, with one key.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn start() -> io::Result<Self> {
        Self::serve(None)
    }

    /// The same over TLS, with the URL `https://127.0.0.1:PORT`.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn start_tls(tls: &ServerTls) -> io::Result<Self> {
        Self::serve(Some(tls))
    }

    fn serve(tls: Option<&ServerTls>) -> io::Result<Self> {
        let keys = vec![key::shared(0)];
        let state = Arc::new(Mutex::new(State { keys, members: Vec::new(), published: None, ahead: 0 }));
        let shown = Arc::clone(&state);
        let server = Server::start(tls, |url| Arc::new(Room { url: url.to_owned(), state: shown }))?;
        Ok(Self { server, state })
    }

    /// A token for this job, signed with the active key.
    #[must_use]
    pub fn token(&self, job: &Job) -> String {
        let key = self.active();
        key.sign(&key.header(), &self.claims(job))
    }

    /// A token that names the active key and is signed with another, unpublished one.
    #[must_use]
    pub fn forged(&self, job: &Job) -> String {
        key::unpublished().sign(&self.active().header(), &self.claims(job))
    }

    /// A token that is signed with an unpublished key and names it.
    #[must_use]
    pub fn unknown_kid(&self, job: &Job) -> String {
        let key = key::unpublished();
        key.sign(&key.header(), &self.claims(job))
    }

    /// A token with `"alg": "none"` and an empty signature.
    #[must_use]
    pub fn unsigned(&self, job: &Job) -> String {
        key::unsigned(&json!({ "alg": "none", "typ": "JWT" }), &self.claims(job))
    }

    /// A token with these claims, signed with the active key. `header` changes its header; null removes a member. An
    /// RSA key can also sign with RS384 and RS512.
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Map<String, Value>) -> String {
        let key = self.active();
        let mut whole = key.header();
        for (name, value) in header.as_object().into_iter().flatten() {
            whole[name] = value.clone();
        }
        if let Value::Object(members) = &mut whole {
            members.retain(|_, value| !value.is_null());
        }
        key.sign(&whole, claims)
    }

    /// The claims of a token for this job at this time.
    #[must_use]
    pub fn claims(&self, job: &Job) -> Map<String, Value> {
        job.claims(&self.url())
    }

    /// A job's environment with the token: `SEMAPHORE_…` and `CI`.
    #[must_use]
    pub fn environment(&self, job: &Job) -> Vec<(String, String)> {
        let mut variables = job.environment(&self.url());
        variables.push(("SEMAPHORE_OIDC_TOKEN".into(), self.token(job)));
        variables
    }

    /// Signs with a new key from now on. The earlier keys stay published.
    pub fn rotate(&self) {
        let mut state = lock(&self.state);
        let next = key::shared(state.keys.len());
        state.keys.push(next);
    }

    /// The same with a key on that curve.
    pub fn rotate_to(&self, curve: Curve) {
        lock(&self.state).keys.push(Arc::new(SigningKey::on(curve)));
    }

    /// The published keys.
    #[must_use]
    pub fn published(&self) -> Vec<Value> {
        lock(&self.state).published()
    }

    /// Publishes these keys, independently of the signing key.
    pub fn publish(&self, keys: Vec<Value>) {
        lock(&self.state).published = Some(keys);
    }

    /// Sets this member of the discovery document; null removes it.
    pub fn discover(&self, name: &str, value: impl Into<Value>) {
        lock(&self.state).members.push((name.to_owned(), value.into()));
    }

    /// Sets the `Date` of answers that many seconds ahead of this machine's clock.
    pub fn set_clock_ahead(&self, seconds: i64) {
        lock(&self.state).ahead = seconds;
    }

    /// Starts an outage of discovery and keys; `None` ends it.
    pub fn set_outage(&self, outage: impl Into<Option<Outage>>) {
        self.server.always(outage.into().map(|outage| match outage {
            Outage::Unreachable => Fault::ResetBeforeHeaders,
            Outage::ServerError => Fault::status(500),
            Outage::Html => Fault::HtmlOk,
        }));
    }

    fn active(&self) -> Arc<SigningKey> {
        lock(&self.state).keys.last().map_or_else(|| key::shared(0), Arc::clone)
    }
}

impl Deref for Issuer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// A token with a signature of a key that no issuer publishes.
pub(crate) fn sign(claims: &Map<String, Value>) -> String {
    let key = key::unpublished();
    key.sign(&key.header(), claims)
}

impl State {
    fn published(&self) -> Vec<Value> {
        self.published.clone().unwrap_or_else(|| self.keys.iter().map(|key| key.published()).collect())
    }
}

struct Room {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Room {
    fn publish(&self, request: &Request) -> Response {
        let state = lock(&self.state);
        let body = match request.path.as_str() {
            DISCOVERY => self.discovery(&state),
            JWKS | "/.well-known/jwks" => json!({ "keys": state.published() }),
            _ => return Response::new(404, "text/plain; charset=utf-8", "Not found"),
        };
        Response::json(200, &body).with_header("cache-control", CACHE_CONTROL).with_header("date", date(state.ahead))
    }

    fn discovery(&self, state: &State) -> Value {
        let mut algorithms: Vec<&str> = state.keys.iter().map(|key| key.alg()).collect();
        algorithms.dedup();
        let mut document = json!({
            "issuer": self.url,
            "jwks_uri": format!("{}{JWKS}", self.url),
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "claims_supported": claims::SUPPORTED,
            "id_token_signing_alg_values_supported": algorithms,
            "scopes_supported": ["openid"],
        });
        for (name, value) in &state.members {
            document[name] = value.clone();
        }
        if let Value::Object(members) = &mut document {
            members.retain(|_, value| !value.is_null());
        }
        document
    }
}

fn date(ahead: i64) -> String {
    let distance = Duration::from_secs(ahead.unsigned_abs());
    let now = SystemTime::now();
    httpdate::fmt_http_date(if ahead < 0 { now - distance } else { now + distance })
}

impl Service for Room {
    fn answer<'a>(&'a self, request: &'a Request) -> crate::server::Answer<'a> {
        Box::pin(async move { self.publish(request) })
    }

    fn throttled(&self) -> Response {
        Response::new(429, "text/plain; charset=utf-8", "Too many requests")
    }

    fn unavailable(&self) -> Response {
        Response::new(503, "text/plain; charset=utf-8", "upstream connect error")
    }
}
