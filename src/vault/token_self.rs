//! Calls with a client token that concern itself: its renewal, its leases', its revocation (Vault's `renew-self`,
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

/// Revokes the token that asks for it, and with it what it leased.
pub(super) const REVOKE: &[&str] = &["auth", "token", "revoke-self"];

/// Why a call brought nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The token has ended, or is used up.
    Gone,
    /// Its policies do not let it; the server's words.
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

/// POSTs `body` to `path` with `token`, and again where that can help, for no longer than `bound`.
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
