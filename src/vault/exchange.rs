//! The story: log in, read, take what was asked for, and end the token unless something still needs it.

use std::cell::OnceCell;

use super::Request;
use super::connections;
use super::handout;
use super::login;
use super::session::Session;
use super::tenancy::Tenancy;
use super::wire::Server;
use crate::emit::Exports;
use crate::error::Error;
use crate::host::Clock;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::state::{self, NewFiles};
use crate::subject::SubjectToken;

/// The login that an exchange under way has made, for whoever cuts the exchange short.
#[derive(Debug, Default)]
pub struct Opened(OnceCell<Tenancy>);

impl Opened {
    /// Ends the login, where there is one yet. It takes two seconds at most, whatever the server does.
    pub async fn end(&self) {
        if let Some(tenancy) = self.0.get() {
            tenancy.give_up().await;
        }
    }
}

/// What the job gets.
pub struct Fetched {
    /// The variables.
    pub exports: Exports,
    /// Private files that they lead to.
    pub files: Option<NewFiles>,
    /// The client token, where it is handed out, has made leases or is to stay; otherwise it has been revoked.
    pub token: Option<Tenancy>,
}

/// Trades `token` for what `request` names, with private files below `place` where values were wanted in files.
///
/// # Errors
/// The server's refusal, that it could not be reached until `deadline`, or that a value cannot be handed over. The
/// client token is revoked then. Where this is dropped before its end, that is for `opened` to do.
pub async fn fetch(
    request: &Request,
    token: &SubjectToken,
    (http, clock): (&Client, &Clock),
    deadline: Deadline,
    place: &state::StateDir,
    opened: &Opened,
) -> Result<Fetched, Error> {
    let mut server = Server {
        http: http.clone(),
        address: request.address.clone(),
        namespace: request.namespace.clone(),
        clock: clock.clone(),
        index: None,
        multiplexed: false,
        shown: Some(token.jwt().clone()),
    };
    let client_token = login::login(request, token, &mut server, deadline).await?;
    let mut tenancy = Tenancy {
        server,
        token: client_token,
        leases: Vec::new(),
        spent: 0,
        handed_out: request.export_token,
        stays: request.stays,
        way: request.way.clone(),
    };
    // One login is made with it, and this is it.
    let _ = opened.0.set(tenancy.clone());
    let _opening = connections::prepare(request, &tenancy.server);
    match gather(request, &mut tenancy, deadline, place).await {
        Ok((exports, files)) if tenancy.outlives() => Ok(Fetched { exports, files, token: Some(tenancy) }),
        Ok((exports, files)) => {
            tenancy.end().await;
            Ok(Fetched { exports, files, token: None })
        }
        // Nobody has anything of it, so `--no-revoke` is for nothing.
        Err(error) => {
            tenancy.give_up().await;
            Err(error)
        }
    }
}

async fn gather(
    request: &Request,
    tenancy: &mut Tenancy,
    deadline: Deadline,
    place: &state::StateDir,
) -> Result<(Exports, Option<NewFiles>), Error> {
    let session = Session { request, server: &tenancy.server, token: &tenancy.token, deadline };
    let read = session.read().await?;
    let items = handout::pick(request, &read, &session.presented())?;
    tenancy.leases = read.leases;
    tenancy.spent = read.requests;
    handout::fill(request, items, tenancy, place).await
}
