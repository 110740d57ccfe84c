//! A Security Token Service with the checks of the real one.

mod account;
mod assume;
mod caller;
mod ecr;
mod fault;
mod identity;
mod parameters;
mod refusal;
mod signature;
mod trust;
mod xml;

use std::borrow::Cow;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::server::{Answer, Request, Response, Server, ServerTls, Service, repeated};
use crate::sync::lock;
use account::Accounts;
pub use account::Issued;
pub use ecr::Ecr;
use identity::Keys;
use refusal::Refusal;
pub use trust::{PolicyError, TrustPolicy};

/// The default of a role's longest session, as in AWS.
const ONE_HOUR: Duration = Duration::from_hours(1);

/// A Security Token Service, without providers and roles at first.
pub struct Sts {
    server: Server,
    room: Arc<Room>,
}

impl Sts {
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

    /// Registers an issuer in an account, with the accepted audiences.
    pub fn register_provider(&self, account: &str, issuer: &str, audiences: &[&str]) {
        lock(&self.room.accounts).register(account, issuer, audiences);
    }

    /// Creates or replaces a role, with sessions of at most an hour.
    ///
    /// # Errors
    /// If the sandbox does not support a part of the trust policy.
    pub fn create_role(&self, arn: &str, trust: &Value) -> Result<(), PolicyError> {
        self.create_role_lasting(arn, trust, ONE_HOUR)
    }

    /// The same with a `MaxSessionDuration`.
    ///
    /// # Errors
    /// As for [`create_role`](Self::create_role).
    pub fn create_role_lasting(&self, arn: &str, trust: &Value, longest: Duration) -> Result<(), PolicyError> {
        lock(&self.room.accounts).create_role(arn, TrustPolicy::parse(trust)?, longest);
        Ok(())
    }

    /// Deletes a role.
    pub fn delete_role(&self, arn: &str) {
        lock(&self.room.accounts).delete_role(arn);
    }

    /// Adds a trusted certificate authority (PEM) for downloads of an issuer's keys.
    pub fn trust_ca(&self, pem: &str) {
        lock(&self.room.accounts).roots.push(pem.to_owned());
    }

    /// Drops the downloaded keys, so that the next token requires a download.
    pub fn forget_keys(&self) {
        self.room.keys.forget();
    }

    /// All credentials that were ever issued, whether the answer was sent or not.
    #[must_use]
    pub fn issued(&self) -> Vec<Issued> {
        lock(&self.room.accounts).issued.clone()
    }
}

impl Deref for Sts {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

#[derive(Default)]
struct Room {
    accounts: Mutex<Accounts>,
    keys: Keys,
}

impl Room {
    async fn act(&self, request: &Request) -> Result<Response, Refusal> {
        let action = request.field("Action").map(Cow::from).or_else(|| request.parameter("Action"));
        match action.as_deref() {
            Some("AssumeRoleWithWebIdentity") => assume::with_web_identity(self, request).await,
            Some("AssumeRole") => assume::with_session(self, request),
            Some("GetCallerIdentity") => self.caller_identity(request),
            other => Err(Refusal::no_such_action(other)),
        }
    }

    fn caller_identity(&self, request: &Request) -> Result<Response, Refusal> {
        let session = caller::identify(request, &lock(&self.accounts).issued)?;
        let result = [
            xml::element("Arn", &session.arn()),
            xml::element("UserId", &session.user_id()),
            xml::element("Account", session.account()),
        ];
        Ok(xml::result("GetCallerIdentity", &result))
    }
}

impl Service for Room {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        Box::pin(async move { self.act(request).await.unwrap_or_else(|refusal| refusal.response()) })
    }

    fn throttled(&self) -> Response {
        xml::error(400, "Throttling", "Rate exceeded")
    }

    fn unavailable(&self) -> Response {
        xml::error(503, "ServiceUnavailable", "Service Unavailable")
    }

    fn indiscreet(&self, sent: &[Request]) -> Response {
        let keys = lock(&self.accounts).issued.clone().into_iter().map(|issued| issued.secret_access_key);
        xml::error(403, "AccessDenied", &repeated(sent, keys))
    }
}
