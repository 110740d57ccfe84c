//! The story: log in, read, take what was asked for, and end the token unless something still needs it.

use super::Request;
use super::handout;
use super::login;
use super::reading::Session;
use super::tenancy::Tenancy;
use super::wire::Server;
use crate::emit::Handout;
use crate::error::Error;
use crate::host::Clock;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::job;
use crate::subject::SubjectToken;

/// Trades `token` for what `request` names. The handout holds the client token where that is handed out or has made
/// leases, and leads to private files below `place` where values were wanted in files; otherwise the token is revoked.
///
/// # Errors
/// The server's refusal, that it could not be reached until `deadline`, or that a value cannot be handed over. The
/// client token is revoked then.
pub async fn fetch(
    request: &Request,
    token: &SubjectToken,
    http: &Client,
    clock: &Clock,
    deadline: Deadline,
    place: &job::Place,
) -> Result<Handout, Error> {
    let mut server = Server {
        http: http.clone(),
        address: request.address.clone(),
        namespace: request.namespace.clone(),
        clock: clock.clone(),
        index: None,
    };
    let client_token = login::login(request, token, &mut server, deadline).await?;
    let mut tenancy = Tenancy { server, token: client_token, leases: Vec::new(), spent: 0, stays: request.stays };
    match gather(request, &mut tenancy, deadline, place).await {
        Ok(mut handout) if request.export_token || !tenancy.leases.is_empty() => {
            handout.hold(tenancy);
            Ok(handout)
        }
        ended => {
            tenancy.end().await;
            ended
        }
    }
}

async fn gather(
    request: &Request,
    tenancy: &mut Tenancy,
    deadline: Deadline,
    place: &job::Place,
) -> Result<Handout, Error> {
    let session = Session { request, server: &tenancy.server, token: &tenancy.token, deadline };
    let read = session.read().await?;
    let items = handout::pick(request, &read, &session.presented())?;
    tenancy.leases = read.leases;
    tenancy.spent = read.requests;
    handout::fill(request, items, tenancy, place)
}
