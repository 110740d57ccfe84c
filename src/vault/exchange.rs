//! The steps of an exchange: log in, read, select the requested values.

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

/// The secrets, and the client token that was used to read them.
#[derive(Debug)]
pub struct Secrets {
    /// The requested values, in the order of the request.
    pub items: Vec<Item>,
    /// The client token, with its leases.
    pub token: HeldToken,
}

/// Exchanges the token for the secrets in `request`. From the login on, `pending` has the login or its client token.
/// The caller must revoke it, or pass it on, even if this or a later step fails.
///
/// # Errors
/// If the server refuses, cannot be reached in time, or a value cannot be exported.
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
    // Now it has its leases, and fewer uses left.
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
