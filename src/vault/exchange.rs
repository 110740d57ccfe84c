//! The story: log in, read, take what was asked for.

use std::cell::RefCell;

use super::Request;
use super::connections;
use super::exports::{self, Item};
use super::login;
use super::session::Session;
use super::tenancy::Tenancy;
use super::wire::Server;
use crate::cloud::Given;
use crate::error::Error;
use crate::http::retry::Deadline;

/// The client token of an exchange that is under way, for whoever sees it come to a bad end.
#[derive(Debug, Default)]
pub struct PendingRevocation(RefCell<Option<Tenancy>>);

impl PendingRevocation {
    fn note(&self, token: &Tenancy) {
        self.0.replace(Some(token.clone()));
    }

    /// Revokes the token, where there is one yet. It takes two seconds at most, whatever the server does.
    pub async fn revoke(&self) {
        let token = self.0.take();
        if let Some(token) = token {
            token.give_up().await;
        }
    }
}

/// What was read, and the client token that read it.
#[derive(Debug)]
pub struct Secrets {
    /// What was asked for, in its order.
    pub items: Vec<Item>,
    /// The client token, with the leases that it has made.
    pub token: Tenancy,
}

/// Trades the token for what `request` names. From the login on, the client token is in `pending`: whatever becomes of
/// this, and of what it returns, it is revoked or handed over.
///
/// # Errors
/// The server's refusal, that it could not be reached in time, or that a value cannot be handed over.
pub async fn exchange(request: &Request, given: &Given<'_>, pending: &PendingRevocation) -> Result<Secrets, Error> {
    let Given { token, http, host, deadline, .. } = *given;
    let mut server = Server {
        http: http.clone(),
        address: request.address.clone(),
        namespace: request.namespace.clone(),
        clock: host.clock.clone(),
        index: None,
        multiplexed: false,
        shown: Some(token.jwt().clone()),
    };
    let client_token = login::login(request, token, &mut server, deadline).await?;
    let tenancy = Tenancy {
        server,
        token: client_token,
        leases: Vec::new(),
        spent: 0,
        handed_out: request.export_token,
        stays: request.stays,
        way: request.way.clone(),
    };
    pending.note(&tenancy);
    let _opening = connections::prepare(request, &tenancy.server);
    let secrets = read(request, tenancy, deadline).await?;
    // Now with its leases, and less the uses that it had.
    pending.note(&secrets.token);
    Ok(secrets)
}

async fn read(request: &Request, mut tenancy: Tenancy, deadline: Deadline) -> Result<Secrets, Error> {
    let session = Session { request, server: &tenancy.server, token: &tenancy.token, deadline };
    let read = session.read().await?;
    let items = exports::pick(request, &read, &session.presented())?;
    tenancy.leases = read.leases;
    tenancy.spent = read.requests;
    Ok(Secrets { items, token: tenancy })
}
