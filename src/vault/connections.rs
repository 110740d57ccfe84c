//! Opens connections for the reads from a server without HTTP/2, while the mounts are requested.
//!
//! HTTP/1.1 allows one request at a time on a connection, so parallel reads need one connection each. Over TLS, each
//! costs two round trips before its first request. The client opens a connection only for a request. So `sys/health`
//! is requested: it needs no token, and is not counted by rate limits or the audit log.

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::task::JoinSet;

use super::Request;
use super::mounts::asks_for_mount;
use super::path::Path;
use super::reading::CONNECTIONS;
use super::wire::Server;
use crate::http;

/// Opens as many connections as the reads of `request` need besides that of the login. Opens none if the reads start
/// at once, or share a connection. The connections are closed when the result is dropped.
pub(super) fn prepare(request: &Request, server: &Server) -> JoinSet<()> {
    let mut opening = JoinSet::new();
    let health = Path::fixed(&["sys", "health"]);
    let comes_first = request.selections.iter().any(|selection| asks_for_mount(selection).is_some());
    // Plain HTTP connections are fast, and each use of plain HTTP prints a warning.
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
            // The result does not matter: the reads report errors.
            let _ = client.send(request).await;
        });
    }
    opening
}
