//! Google's Security Token Service and IAM Credentials, on separate ports, because the real ones have separate hosts.

pub mod cel;
mod iam;
mod refusal;
mod resources;
mod state;
mod sts;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::jwt::Keys;
use crate::server::{Answer, Request, Response, Server, ServerTls, Service, repeated};
use crate::sync::lock;
use crate::{random, server};
use cel::Rules;
pub use resources::BUCKET;
pub use state::Issued;
use state::{Account, Provider, State};

/// The project of the sandbox's service accounts.
pub const PROJECT: &str = "sandbox-project";
/// Its number.
pub const PROJECT_NUMBER: &str = "123456";
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Both services, without providers and service accounts at first.
pub struct Google {
    /// Google STS.
    pub sts: Server,
    /// IAM Credentials.
    pub iam: Server,
    room: Arc<Room>,
}

impl Google {
    /// Starts them over plain HTTP.
    ///
    /// # Errors
    /// If a server cannot be started.
    pub fn start() -> io::Result<Self> {
        Self::serve(None)
    }

    /// Starts them over TLS.
    ///
    /// # Errors
    /// If a server cannot be started.
    pub fn start_tls(tls: &ServerTls) -> io::Result<Self> {
        Self::serve(Some(tls))
    }

    fn serve(tls: Option<&ServerTls>) -> io::Result<Self> {
        let room = Arc::new(Room::default());
        let desk = |which| Arc::new(Desk { room: Arc::clone(&room), which });
        let sts = Server::start(tls, |_| desk(Which::Sts))?;
        let iam = Server::start(tls, |_| desk(Which::Iam))?;
        Ok(Self { sts, iam, room })
    }

    /// Creates or replaces a provider `projects/…/providers/…`: its issuer, the accepted audiences (by default its
    /// own name), its attribute mapping and condition.
    ///
    /// # Errors
    /// If the mapping or the condition is invalid.
    pub fn create_provider(
        &self,
        name: &str,
        issuer: &str,
        audiences: &[&str],
        mapping: &[(&str, &str)],
        condition: Option<&str>,
    ) -> Result<(), String> {
        let rules = Arc::new(Rules::compile(mapping, condition)?);
        let audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
        let provider = Provider { issuer: issuer.to_owned(), audiences, rules, disabled: false };
        lock(&self.room.state).providers.insert(name.to_owned(), provider);
        Ok(())
    }

    /// Deletes a provider.
    pub fn delete_provider(&self, name: &str) {
        lock(&self.room.state).providers.remove(name);
    }

    /// Enables or disables a provider.
    pub fn enable_provider(&self, name: &str, on: bool) {
        if let Some(provider) = lock(&self.room.state).providers.get_mut(name) {
            provider.disabled = !on;
        }
    }

    /// Creates a service account that no one may impersonate yet.
    pub fn create_account(&self, email: &str) {
        let id = random::digits(21);
        lock(&self.room.state).accounts.insert(email.to_owned(), Account { id, ..Account::default() });
    }

    /// Grants a role on an account to a member (`principal://…`, `principalSet://…`, `serviceAccount:…`).
    pub fn bind(&self, email: &str, role: &str, member: &str) {
        if let Some(account) = lock(&self.room.state).accounts.get_mut(email) {
            account.bindings.push((role.to_owned(), member.to_owned()));
        }
    }

    /// Allows lifetimes of up to twelve hours for an account's tokens.
    pub fn allow_long_lives(&self, email: &str) {
        if let Some(account) = lock(&self.room.state).accounts.get_mut(email) {
            account.long_lived = true;
        }
    }

    /// Enables or disables the IAM Credentials API in the project.
    pub fn enable_api(&self, on: bool) {
        lock(&self.room.state).api_disabled = !on;
    }

    /// Limits the lifetime of every access token of a service account, for any requested one.
    pub fn shorten_tokens(&self, life: Duration) {
        lock(&self.room.state).shortened = Some(life);
    }

    /// Adds a trusted certificate authority (PEM) for downloads of an issuer's keys.
    pub fn trust_ca(&self, pem: &str) {
        lock(&self.room.state).roots.push(pem.to_owned());
    }

    /// Drops the downloaded keys, so that the next token requires a download.
    pub fn forget_keys(&self) {
        self.room.keys.forget();
    }

    /// All service account tokens that were ever issued, whether the answer was sent or not.
    #[must_use]
    pub fn issued(&self) -> Vec<Issued> {
        lock(&self.room.state).issued.clone()
    }

    /// Returns a function that finds the owner of a valid access token.
    pub fn users(&self) -> impl Fn(&str) -> Option<String> + Send + Sync + use<> {
        let room = Arc::clone(&self.room);
        move |token| {
            let state = lock(&room.state);
            let issued = state.issued.iter().find(|issued| issued.token == token && !issued.scope.is_empty());
            let account = issued.filter(|issued| issued.expires > SystemTime::now());
            let federated = state.federated.iter().find(|federated| federated.token == token);
            account.map(|issued| issued.principal.clone()).or_else(|| federated.map(|_| "a federated principal".into()))
        }
    }

    /// All federated tokens, in the same way.
    #[must_use]
    pub fn federated(&self) -> Vec<String> {
        lock(&self.room.state).federated.iter().map(|federated| federated.token.clone()).collect()
    }
}

#[derive(Default)]
struct Room {
    state: Mutex<State>,
    keys: Keys,
}

impl Room {
    async fn act(&self, request: &Request) -> Result<Response, Response> {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v1/token") => sts::token(self, request).await,
            ("POST", "/v1/introspect") => sts::introspect(self, request),
            ("POST", path) if path.starts_with("/v1/projects/-/serviceAccounts/") => iam::generate(self, request),
            ("GET", _) => resources::answer(self, request),
            _ => Err(refusal::not_found()),
        }
    }
}

/// The two services have different answers for rate limits.
#[derive(Clone, Copy)]
enum Which {
    Sts,
    Iam,
}

struct Desk {
    room: Arc<Room>,
    which: Which,
}

impl Service for Desk {
    fn answer<'a>(&'a self, request: &'a server::Request) -> Answer<'a> {
        Box::pin(async move { self.room.act(request).await.unwrap_or_else(|refused| refused) })
    }

    fn throttled(&self) -> Response {
        match self.which {
            Which::Sts => refusal::sts(
                429,
                "quota_exceeded",
                "The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few \
                 seconds.",
            ),
            Which::Iam => refusal::api(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", None),
        }
    }

    fn unavailable(&self) -> Response {
        refusal::api(503, "UNAVAILABLE", "The service is currently unavailable.", None)
    }

    fn indiscreet(&self, sent: &[server::Request]) -> Response {
        let words = repeated(sent, []);
        match self.which {
            Which::Sts => refusal::sts(400, "invalid_grant", &words),
            Which::Iam => refusal::api(403, "PERMISSION_DENIED", &words, None),
        }
    }
}
