//! An OpenID Connect issuer shaped as Semaphore's: one organisation, its keys, its jobs' tokens.

mod claims;
mod environment;
mod job;
mod key;
mod subject;

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::server::{Fault, Request, Response, Server, ServerTls, Service, lock};
pub use job::Job;
use key::SigningKey;

/// The path of the discovery document.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The path of the published keys.
pub const JWKS: &str = "/.well-known/jwks.json";
/// The hosted service's promise to caches.
const CACHE_CONTROL: &str = "max-age=900, public, must-revalidate";

/// A running issuer; its url is `iss`, and the default `aud`, of its tokens.
pub struct Issuer {
    server: Server,
    keys: Arc<Mutex<Vec<Arc<SigningKey>>>>,
}

/// How the issuer is out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Connections are reset before an answer.
    Unreachable,
    /// 500.
    ServerError,
    /// 200, with a page for people.
    Html,
}

impl Issuer {
    /// Starts an issuer over plain HTTP, with one key.
    ///
    /// # Errors
    /// When the server cannot be started.
    pub fn start() -> io::Result<Self> {
        Self::serve(None)
    }

    /// The same over TLS; its url is then `https://127.0.0.1:PORT`.
    ///
    /// # Errors
    /// When the server cannot be started.
    pub fn start_tls(tls: &ServerTls) -> io::Result<Self> {
        Self::serve(Some(tls))
    }

    fn serve(tls: Option<&ServerTls>) -> io::Result<Self> {
        let keys = Arc::new(Mutex::new(vec![key::shared(0)]));
        let published = Arc::clone(&keys);
        let server = Server::start(tls, |url| Arc::new(Room { url: url.to_owned(), keys: published }))?;
        Ok(Self { server, keys })
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

    /// The claims that a token for this job would carry now.
    #[must_use]
    pub fn claims(&self, job: &Job) -> Map<String, Value> {
        job.claims(&self.url())
    }

    /// What a job's environment holds, the token included: `SEMAPHORE_…` and `CI`.
    #[must_use]
    pub fn environment(&self, job: &Job) -> Vec<(String, String)> {
        let mut variables = job.environment(&self.url());
        variables.push(("SEMAPHORE_OIDC_TOKEN".into(), self.token(job)));
        variables
    }

    /// Signs with a new key from now on; the earlier ones stay published.
    pub fn rotate(&self) {
        let mut keys = lock(&self.keys);
        let next = key::shared(keys.len());
        keys.push(next);
    }

    /// Puts discovery and keys out of order, or in order again with `None`.
    pub fn set_outage(&self, outage: impl Into<Option<Outage>>) {
        self.server.always(outage.into().map(|outage| match outage {
            Outage::Unreachable => Fault::ResetBeforeHeaders,
            Outage::ServerError => Fault::status(500),
            Outage::Html => Fault::HtmlOk,
        }));
    }

    fn active(&self) -> Arc<SigningKey> {
        lock(&self.keys).last().map_or_else(|| key::shared(0), Arc::clone)
    }
}

impl Deref for Issuer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// A token of somebody else's, signed with a key that no issuer here publishes.
pub(crate) fn sign(claims: &Map<String, Value>) -> String {
    let key = key::unpublished();
    key.sign(&key.header(), claims)
}

struct Room {
    url: String,
    keys: Arc<Mutex<Vec<Arc<SigningKey>>>>,
}

impl Room {
    fn publish(&self, request: &Request) -> Response {
        match request.path.as_str() {
            DISCOVERY => Response::json(200, &self.discovery()).with_header("cache-control", CACHE_CONTROL),
            JWKS | "/.well-known/jwks" => {
                let keys: Vec<Value> = lock(&self.keys).iter().map(|key| key.published()).collect();
                Response::json(200, &json!({ "keys": keys })).with_header("cache-control", CACHE_CONTROL)
            }
            _ => Response::new(404, "text/plain; charset=utf-8", "Not found"),
        }
    }

    fn discovery(&self) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}{JWKS}", self.url),
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "claims_supported": claims::SUPPORTED,
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        })
    }
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
