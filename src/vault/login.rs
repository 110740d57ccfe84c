//! The login: the job's token in, a client token out.
//!
//! <https://openbao.org/api-docs/auth/jwt/#jwt-login>.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::Request;
use super::answer::Kind;
use super::hints::Context;
use super::wire::{Auth, Call, Server, life};
use crate::error::{Error, Refusal};
use crate::http::retry::Deadline;
use crate::http::{Attempt, PeerText, RawText, Shown};
use crate::secret::Secret;
use crate::subject::SubjectToken;

/// What the login gave.
#[derive(Clone, Debug)]
pub(super) struct ClientToken {
    pub(super) secret: Secret,
    /// Its public name, by which an administrator finds and ends it.
    pub(super) accessor: String,
    pub(super) policies: PeerText,
    /// Its life, and each renewal's; zero for one that does not end.
    pub(super) life: Duration,
    since: Instant,
    pub(super) renewable: bool,
    /// It can be neither renewed nor revoked.
    pub(super) batch: bool,
    /// How many requests it is good for; none for any number.
    pub(super) uses: Option<u64>,
}

impl ClientToken {
    fn new(auth: Auth, shown: &Shown) -> Self {
        let secret = Secret::new(auth.client_token);
        shown.add(&secret);
        let policies = auth.policies.unwrap_or_default().joined(", ");
        let batch = auth.token_type.unclean() == "batch";
        Self {
            secret,
            accessor: accessor(&auth.accessor),
            policies: shown.clean(&policies),
            life: life(auth.lease_duration),
            since: Instant::now(),
            renewable: auth.renewable,
            batch,
            // The uses of a batch token are not counted.
            uses: (auth.num_uses > 0 && !batch).then_some(auth.num_uses),
        }
    }

    /// What is left of its first life; none for one that does not end.
    pub(super) fn left(&self) -> Option<Duration> {
        (!self.life.is_zero()).then(|| self.life.saturating_sub(self.since.elapsed()))
    }

    /// When it ends if nobody ends it, for a sentence.
    pub(super) fn ends(&self) -> String {
        if self.life.is_zero() {
            "does not end by itself".into()
        } else {
            format!("ends by itself within {} s", self.life.as_secs())
        }
    }
}

/// An accessor as servers make them, which goes into a command line that somebody pastes; empty for anything else.
fn accessor(raw: &RawText) -> String {
    let text = raw.unclean();
    let sound = text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if sound { text.to_owned() } else { String::new() }
}

/// Logs in, and lets `server` know which state of storage knows the token, and how its connection is used.
pub(super) async fn login(
    request: &Request,
    token: &SubjectToken,
    server: &mut Server,
    deadline: Deadline,
) -> Result<ClientToken, Error> {
    let path = request.login_path();
    let mut body = json!({ "jwt": token.jwt().reveal() });
    if let Some(role) = &request.role {
        body["role"] = role.as_str().into();
    }
    let body = body.to_string().into_bytes();
    let attempt = async || {
        let call = Call { kind: Kind::Login, path: &path, version: None, body: Some(body.clone()), token: None };
        let success = server.send(&call).await?;
        let auth = success.envelope.auth.as_ref();
        if auth.is_none_or(|auth| auth.client_token.is_empty() && auth.mfa_requirement.is_none()) {
            return Err(Attempt::garbled(success.status, "it has no client token"));
        }
        Ok(success)
    };
    let context = Context { request, token, clock: &server.clock, claim: "" };
    let success = server.http.retry(deadline, attempt).await.map_err(|gave_up| gave_up.explain(&context))?;
    let auth = success.envelope.auth.unwrap_or_default();
    if auth.client_token.is_empty() {
        return Err(Error::from(second_factor(&context)));
    }
    server.index = success.index;
    server.multiplexed = success.multiplexed;
    Ok(ClientToken::new(auth, server.http.shown()))
}

/// A 200 may hold no token: a second factor is asked for first.
fn second_factor(context: &Context<'_>) -> Refusal {
    let hint = "a job has no second factor: exempt this role or its entity from the login enforcement (identity/mfa/login-enforcement)";
    Refusal {
        title: "Vault asks for more than the token".into(),
        said: "200, without a token: it asks for a second factor (mfa_requirement)".into(),
        asked: context.asked_for(),
        presented: context.token.claims().presented(),
        hints: vec![hint.into()],
    }
}
