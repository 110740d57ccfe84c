//! A Vault with the login checks of a real server, and a KV version 2 engine at `secret/`.

mod login;
mod secrets;

use std::collections::HashMap;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::jwt::Keys;
use crate::random;
use crate::server::{Answer, Request, Response, Server, ServerTls, Service, repeated};
use crate::sync::lock;
use login::Role;

/// A Vault, without issuer, roles and secrets at first.
pub struct Vault {
    server: Server,
    room: Arc<Room>,
}

#[derive(Default)]
struct Room {
    keys: Keys,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    issuer: String,
    roots: Vec<String>,
    roles: HashMap<String, Role>,
    /// By path below `secret/`: the versions in order.
    secrets: HashMap<String, Vec<Value>>,
    /// By client token: the paths that it may read.
    tokens: HashMap<String, Vec<String>>,
    /// By path: the result of a POST.
    made: HashMap<String, Value>,
    issued: Vec<String>,
}

/// An error in the format of Vault.
struct Refusal(u16, String);

impl Refusal {
    fn new(status: u16, words: impl Into<String>) -> Self {
        Self(status, words.into())
    }

    /// A refusal by policy. An unknown token gets another error.
    fn by_policy() -> Self {
        Self::new(403, "1 error occurred:\n\t* permission denied\n\n")
    }

    fn response(&self) -> Response {
        Response::json(self.0, &json!({ "errors": [self.1] }))
    }
}

impl Vault {
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
        let service = Arc::clone(&room);
        let server = Server::start(tls, |_| service)?;
        Ok(Self { server, room })
    }

    /// Accepts logins with this issuer's tokens, at the mount `jwt`.
    pub fn trust_issuer(&self, issuer: &str) {
        issuer.clone_into(&mut lock(&self.room.state).issuer);
    }

    /// Adds a trusted certificate authority (PEM) for downloads of the issuer's keys.
    pub fn trust_ca(&self, pem: &str) {
        lock(&self.room.state).roots.push(pem.to_owned());
    }

    /// Creates or replaces a role. A token must have this audience and these claims. It may then read secrets with
    /// paths below `secret/` that start with one of `reads`.
    pub fn create_role(&self, name: &str, audience: &str, claims: Map<String, Value>, reads: &[&str]) {
        let reads = reads.iter().map(|path| (*path).to_owned()).collect();
        let role = Role { audience: audience.to_owned(), claims, reads };
        lock(&self.room.state).roles.insert(name.to_owned(), role);
    }

    /// Writes another version of a secret below `secret/`.
    pub fn write(&self, path: &str, fields: Value) {
        lock(&self.room.state).secrets.entry(path.to_owned()).or_default().push(fields);
    }

    /// Sets the result of a POST at `path`, for every token.
    pub fn make(&self, path: &str, fields: Value) {
        lock(&self.room.state).made.insert(path.to_owned(), fields);
    }

    /// All texts in secrets, and in results of POSTs.
    #[must_use]
    pub fn values(&self) -> Vec<String> {
        let state = lock(&self.room.state);
        let mut texts = Vec::new();
        state.secrets.values().flatten().chain(state.made.values()).for_each(|value| add_texts(value, &mut texts));
        texts
    }

    /// All client tokens that were ever issued, whether the answer was sent or not.
    #[must_use]
    pub fn issued(&self) -> Vec<String> {
        lock(&self.room.state).issued.clone()
    }

    /// Whether a client token is valid.
    #[must_use]
    pub fn is_good(&self, token: &str) -> bool {
        lock(&self.room.state).tokens.contains_key(token)
    }

    /// Drops the downloaded keys, so that the next token requires a download.
    pub fn forget_keys(&self) {
        self.room.keys.forget();
    }
}

fn add_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| add_texts(value, texts)),
        Value::Object(members) => members.values().for_each(|value| add_texts(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Deref for Vault {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Room {
    async fn act(&self, request: &Request) -> Result<Response, Refusal> {
        let path = request.path.strip_prefix("/v1/").unwrap_or_default();
        match (request.method.as_str(), path) {
            ("POST" | "PUT", "auth/jwt/login") => self.log_in(request).await,
            (_, "sys/health") => Ok(Response::json(200, &json!({ "initialized": true, "sealed": false }))),
            ("POST" | "PUT", "auth/token/revoke-self") => self.revoke(request),
            ("POST" | "PUT", "sys/capabilities-self") => self.capabilities(request),
            ("GET", path) => match path.strip_prefix("sys/internal/ui/mounts/") {
                Some(path) => self.mount(request, path),
                None => self.read(request, path),
            },
            ("POST" | "PUT", path) => self.make(request, path),
            _ => Err(Refusal::new(405, "unsupported operation")),
        }
    }
}

impl Service for Room {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        Box::pin(async move { self.act(request).await.unwrap_or_else(|refusal| refusal.response()) })
    }

    fn throttled(&self) -> Response {
        Refusal::new(429, "request path \"auth/jwt/login\": rate limit quota exceeded").response()
    }

    fn unavailable(&self) -> Response {
        Refusal::new(503, "Vault is sealed").response()
    }

    fn indiscreet(&self, sent: &[Request]) -> Response {
        Refusal::new(400, repeated(sent, [])).response()
    }
}

/// The envelope of a successful answer.
fn envelope(data: &Value, auth: &Value) -> Response {
    let body = json!({
        "request_id": random::uuid(), "lease_id": "", "renewable": false, "lease_duration": 0,
        "data": data, "wrap_info": null, "warnings": null, "auth": auth,
    });
    Response::json(200, &body)
}
