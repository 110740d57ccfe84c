//! The story: log in, read, take what was asked for.

use super::Request;
use super::connections;
use super::exports::{self, Item};
use super::held_token::HeldToken;
use super::login;
use super::pending::PendingRevocation;
use super::session::Session;
use super::wire::Server;
use crate::cloud::Given;
use crate::error::Error;
use crate::http::retry::Deadline;

/// What was read, and the client token that read it.
#[derive(Debug)]
pub struct Secrets {
    /// What was asked for, in its order.
    pub items: Vec<Item>,
    /// The client token, with the leases that it has made.
    pub token: HeldToken,
}

/// Trades the token for what `request` names. From the login on, it or its client token is in `pending`: whatever becomes of
/// this, and of what it returns, it is revoked or handed over.
///
/// # Errors
/// The server's refusal, that it could not be reached in time, or that a value cannot be handed over.
pub async fn exchange(request: &Request, given: &Given<'_>, pending: &PendingRevocation) -> Result<Secrets, Error> {
    let Given { token, http, host, deadline, .. } = *given;
    http.shown().add(token.jwt());
    let server = Server {
        http: http.clone(),
        address: request.address.clone(),
        namespace: request.namespace.clone(),
        clock: host.clock.clone(),
        index: None,
        multiplexed: false,
    };
    let (server, client_token) = login::login(request, token, &server, deadline, pending).await?;
    let held = HeldToken {
        handed_out: request.export_token,
        no_revoke: request.no_revoke,
        server_options: request.server_options.clone(),
        ..HeldToken::new(server, client_token)
    };
    pending.note(&held);
    let _opening = connections::prepare(request, &held.server);
    let secrets = read(request, held, deadline).await?;
    // Now with its leases, and less the uses that it had.
    pending.note(&secrets.token);
    Ok(secrets)
}

async fn read(request: &Request, mut held: HeldToken, deadline: Deadline) -> Result<Secrets, Error> {
    let session = Session { request, server: &held.server, token: &held.token, deadline };
    let read = session.read().await?;
    let items = exports::pick(request, &read, &session.presented(), held.server.http.hold())?;
    held.leases = read.leases;
    held.spent = read.requests;
    Ok(Secrets { items, token: held })
}
