//! Connections for the reads from a server without HTTP/2, made while it is asked for its mounts.
//!
//! HTTP/1.1 has one request at a time on a connection, so reads side by side need one each, and over TLS each costs two
//! waits before its first request. The client makes no connection without a request: `sys/health` needs no token, and
//! neither rate limits nor the audit count it.

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::task::JoinSet;

use super::Request;
use super::mounts::asks_for_mount;
use super::path::Path;
use super::reading::CONNECTIONS;
use super::wire::Server;
use crate::http;

/// As many as the reads of `request` will want beside that of the login; none where they are wanted at once, or share
/// one. They are let go of with what is given back.
pub(super) fn prepare(request: &Request, server: &Server) -> JoinSet<()> {
    let mut opening = JoinSet::new();
    let health = Path::fixed(&["sys", "health"]);
    let comes_first = request.selections.iter().any(|selection| asks_for_mount(selection).is_some());
    // In clear there is little to wait for, and each use of it is said.
    if server.multiplexed || !comes_first || server.address.scheme() != "https" {
        return opening;
    }
    let mut paths: Vec<&Path> = request.selections.iter().map(|selection| selection.query.path()).collect();
    paths.sort_unstable();
    paths.dedup();
    for _ in 1..paths.len().min(CONNECTIONS) {
        let (client, url) = (server.http.clone(), health.url(&server.address));
        opening.spawn(async move {
            let request = http::Request { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() };
            // Whatever it answers, and if it does not: the reads say what is wrong.
            let _ = client.send(request).await;
        });
    }
    opening
}
