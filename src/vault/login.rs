//! The login: exchanges the job's token for a client token.
//!
//! <https://openbao.org/api-docs/auth/jwt/#jwt-login>.

use std::cell::Cell;

use reqwest::header::HeaderValue;
use serde_json::json;

use super::Request;
use super::answer::Kind;
use super::client_token::ClientToken;
use super::hints::Context;
use super::path::Path;
use super::pending::{LoggedIn, PendingRevocation};
use super::wire::{Call, Server};
use crate::error::{Error, Refusal};
use crate::http::retry::Deadline;
use crate::http::{Attempt, Problem, Sent};
use crate::subject::SubjectToken;

/// Logs in. `pending` contains the login from the moment it is sent. Returns the token, and `server` with what later
/// calls need: the state of its storage that contains the token, and whether the connection is shared.
pub(super) async fn login(
    request: &Request,
    token: &SubjectToken,
    server: &Server,
    deadline: Deadline,
    pending: &PendingRevocation,
) -> Result<(Server, ClientToken), Error> {
    let path = request.login_path();
    let mut body = json!({ "jwt": token.jwt().reveal() });
    if let Some(role) = &request.role {
        body["role"] = role.as_str().into();
    }
    let body = body.to_string().into_bytes();
    let lost = Cell::new(false);
    let attempt = async || {
        let sent = Sent::default();
        let answer = attempt(server.clone(), path.clone(), body.clone(), sent.clone());
        let logged_in = pending.login(sent.clone(), answer).await;
        let is_lost = logged_in.as_ref().is_err_and(|attempt| matches!(attempt.problem, Problem::Transport(_)));
        if is_lost && sent.is_set() && !lost.replace(true) {
            tracing::warn!(
                "an answer to the login is lost: if Vault made a client token, it is not revoked, and expires later"
            );
        }
        logged_in
    };
    let context = Context { request, token, clock: &server.clock, claim: "" };
    let logged_in = server.http.retry(deadline, attempt).await.map_err(|gave_up| gave_up.explain(&context))?;
    logged_in.ok_or_else(|| Error::from(second_factor(&context)))
}

/// Sends the login once. It owns all its inputs, because the run may end earlier.
async fn attempt(mut server: Server, path: Path, body: Vec<u8>, sent: Sent) -> LoggedIn {
    let call = Call { kind: Kind::Login, path: &path, version: None, body: Some(body), token: None };
    let success = server.send_noting(&call, Some(&sent)).await?;
    let auth = success.envelope.auth.unwrap_or_default();
    if auth.client_token.is_empty() {
        let asks_for_more = auth.mfa_requirement.is_some();
        return if asks_for_more { Ok(None) } else { Err(Attempt::garbled(success.status, "it has no client token")) };
    }
    if HeaderValue::from_str(&auth.client_token).is_err() {
        return Err(Attempt::garbled(success.status, "no header can carry its client token"));
    }
    server.index = success.index;
    server.multiplexed = success.multiplexed;
    let token = ClientToken::new(auth, server.http.shown());
    Ok(Some((server, token)))
}

/// An answer with status 200 may contain no token: the server requires a second factor first.
fn second_factor(context: &Context<'_>) -> Refusal {
    let hint = "a job has no second factor: exempt this role or its entity from the login enforcement (identity/mfa/login-enforcement)";
    Refusal {
        title: "Vault asks for more than the token".into(),
        said: "200, without a token: it asks for a second factor (mfa_requirement)".into(),
        asked: context.asked_for(),
        presented: Vec::new(),
        hints: vec![hint.into()],
    }
}
