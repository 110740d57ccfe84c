//! Azure Container Registry: exchanges an access token of Entra for a refresh token, which is a password.
//!
//! <https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md>

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::{Entra, Room};
use crate::clock::now;
use crate::random;
use crate::server::{Answer, Request, Response, Server, ServerTls, Service, repeated};
use crate::sync::lock;

/// The user name for a refresh token.
const USER: &str = "00000000-0000-0000-0000-000000000000";

/// A registry for the access tokens of an Entra. It answers for every host name, and has one image, `web:1`.
pub struct Acr {
    server: Server,
    store: Arc<Store>,
}

impl Acr {
    /// Starts it over plain HTTP, or over TLS.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn start(entra: &Entra, tls: Option<&ServerTls>) -> io::Result<Self> {
        let store = Arc::new(Store { entra: Arc::clone(&entra.room), state: Mutex::default() });
        let inside = Arc::clone(&store);
        let server = Server::start(tls, |_| inside)?;
        Ok(Self { server, store })
    }

    /// All refresh tokens that were ever issued.
    #[must_use]
    pub fn issued(&self) -> Vec<String> {
        lock(&self.store.state).passwords.iter().map(|password| password.text.clone()).collect()
    }

    /// Sets the lifetime of later refresh tokens; the default is 3 hours.
    pub fn set_lifetime(&self, lifetime: Duration) {
        lock(&self.store.state).lifetime = Some(lifetime);
    }

    /// Denies every client from now on.
    pub fn deny(&self) {
        lock(&self.store.state).denies = true;
    }
}

impl Deref for Acr {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct Store {
    entra: Arc<Room>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    passwords: Vec<Password>,
    /// The access tokens for pulls.
    access_tokens: Vec<String>,
    lifetime: Option<Duration>,
    denies: bool,
}

struct Password {
    text: String,
    expires: i64,
    registry: String,
}

impl Store {
    fn act(&self, request: &Request) -> Result<Response, Response> {
        let host = request.header("host").unwrap_or_default().split(':').next().unwrap_or_default();
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/oauth2/exchange") => self.exchange(request, host),
            ("GET" | "POST", "/oauth2/token") => self.token(request, host),
            ("GET" | "HEAD", path) if path.starts_with("/v2/") => self.pull(request, host),
            _ => Err(Response::html(404)),
        }
    }

    fn exchange(&self, request: &Request, host: &str) -> Result<Response, Response> {
        let field = |name: &str| request.field(name).unwrap_or_default();
        if field("grant_type") != "access_token" || field("service") != host {
            return Err(error(400, "UNSUPPORTED", "grant_type or service is not supported"));
        }
        let presented = (field("access_token").to_owned(), field("tenant").to_owned());
        let known = lock(&self.entra.state).pulling.contains(&presented);
        let mut state = lock(&self.state);
        if !known || state.denies {
            return Err(unauthorized());
        }
        let life = state.lifetime.unwrap_or(Duration::from_hours(3)).as_secs();
        let expires = now().saturating_add(i64::try_from(life).unwrap_or(i64::MAX));
        let payload = json!({
            "jti": random::uuid(),
            "iss": "Azure Container Registry",
            "aud": host,
            "iat": now(),
            "exp": expires,
            "grant_type": "refresh_token",
        });
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        let signature = random::base64(340).replace('/', "_").replace('+', "-").replace('=', "");
        let header = encode(json!({ "alg": "RS256", "typ": "JWT" }).to_string());
        let text = [header, encode(payload.to_string()), signature].join(".");
        state.passwords.push(Password { text: text.clone(), expires, registry: host.to_owned() });
        Ok(Response::json(200, &json!({ "refresh_token": text })))
    }

    /// An access token for pulls, for a user name and the refresh token, or for the refresh token only
    /// (<https://distribution.github.io/distribution/spec/auth/token/>).
    fn token(&self, request: &Request, host: &str) -> Result<Response, Response> {
        let basic = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let decoded = basic.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
        let by_name = decoded.as_deref().and_then(|text| text.split_once(':'));
        let by_name = by_name.filter(|(user, _)| *user == USER).map(|(_, password)| password);
        let password = by_name.or_else(|| request.field("refresh_token")).ok_or_else(unauthorized)?;
        let mut state = lock(&self.state);
        let lives = |known: &&Password| known.text == password && known.registry == host && known.expires > now();
        if state.passwords.iter().find(lives).is_none() {
            return Err(unauthorized());
        }
        let token = random::base64(60);
        state.access_tokens.push(token.clone());
        Ok(Response::json(200, &json!({ "access_token": token })))
    }

    /// The part of the registry protocol, version 2, that a pull needs
    /// (<https://distribution.github.io/distribution/spec/api/>).
    fn pull(&self, request: &Request, host: &str) -> Result<Response, Response> {
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let known = bearer.is_some_and(|token| lock(&self.state).access_tokens.iter().any(|known| known == token));
        if !known {
            let challenge = format!("Bearer realm=\"https://{host}/oauth2/token\",service=\"{host}\"");
            return Err(unauthorized().with_header("www-authenticate", challenge));
        }
        // An archive without files.
        let layer = vec![0; 1024];
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": [name_of(&layer)] },
        });
        let config = config.to_string().into_bytes();
        let part = |kind: &str, bytes: &[u8]| {
            json!({
                "mediaType": format!("application/vnd.oci.image.{kind}"),
                "digest": name_of(bytes),
                "size": bytes.len(),
            })
        };
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": kind,
            "config": part("config.v1+json", &config),
            "layers": [part("layer.v1.tar", &layer)],
        });
        let manifest = manifest.to_string().into_bytes();
        let blob = |bytes: &[u8]| format!("/v2/web/blobs/{}", name_of(bytes));
        let digest = name_of(&manifest);
        Ok(match request.path.as_str() {
            "/v2/" => Response::json(200, &json!({})),
            "/v2/web/tags/list" => Response::json(200, &json!({ "name": "web", "tags": ["1"] })),
            path if path == "/v2/web/manifests/1" || path == format!("/v2/web/manifests/{digest}") => {
                Response::new(200, kind, manifest).with_header("docker-content-digest", digest)
            }
            path if path == blob(&config) => Response::new(200, "application/octet-stream", config),
            path if path == blob(&layer) => Response::new(200, "application/octet-stream", layer),
            _ => error(404, "NAME_UNKNOWN", "repository name not known to registry"),
        })
    }
}

fn name_of(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn unauthorized() -> Response {
    let words = "authentication required, visit https://aka.ms/acr/authorization for more information.";
    error(401, "UNAUTHORIZED", words)
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({ "errors": [{ "code": code, "message": message, "detail": null }] }))
}

impl Service for Store {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let answer = self.act(request).unwrap_or_else(|refused| refused);
        let answer = answer.with_header("docker-distribution-api-version", "registry/2.0");
        Box::pin(async move { answer })
    }

    fn throttled(&self) -> Response {
        error(429, "TOOMANYREQUESTS", "too many requests")
    }

    fn unavailable(&self) -> Response {
        error(503, "UNAVAILABLE", "service unavailable")
    }

    fn indiscreet(&self, sent: &[Request]) -> Response {
        error(403, "DENIED", &format!("not authorized: {}", repeated(sent, [])))
    }
}
