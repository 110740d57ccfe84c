//! Calls with a client token about itself: renewal of the token and its leases, revocation (Vault's `renew-self`,
//! `revoke-self`).

use std::fmt;
use std::time::Duration;

use super::answer::Kind;
use super::path::Path;
use super::read_cause::ReadCause;
use super::wire::{Call, Server, Success};
use crate::http::retry::Deadline;
use crate::http::{ErrorAnswer, Problem};
use crate::secret::Secret;

/// The path that revokes the calling token, with its leases.
pub(super) const REVOKE: &[&str] = &["auth", "token", "revoke-self"];

/// Why a call failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The token is revoked, expired or used up.
    Gone,
    /// Its policies do not allow the call; the server's message.
    Denied(String),
    /// Another reason.
    Other(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("it has ended already"),
            Self::Denied(_) => f.write_str("permission denied"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// Sends a POST with `body` to `path`, using `token`. It is retried if that can help. The timeout is `bound`.
pub(super) async fn call(
    server: &Server,
    token: &Secret,
    path: &[&'static str],
    body: &[u8],
    bound: Duration,
) -> Result<Success, Why> {
    let path = Path::fixed(path);
    let answer = server.http.retry(Deadline::after(bound), async || {
        let call =
            Call { kind: Kind::Token, path: &path, version: None, body: Some(body.to_vec()), token: Some(token) };
        server.send(&call).await
    });
    answer.await.map_err(|gave_up| match gave_up.last {
        None => Why::Other("no answer in time".into()),
        Some(attempt) => match &attempt.problem {
            Problem::Answered(answer) if answer.status == 403 => match ReadCause::of(answer) {
                Ok(ReadCause::Token) => Why::Gone,
                Ok(_) => Why::Denied(answer.said()),
                Err(_) => Why::Other(attempt.to_string()),
            },
            Problem::Answered(_) | Problem::Transport(_) | Problem::Garbled(_) => Why::Other(attempt.to_string()),
        },
    })
}
