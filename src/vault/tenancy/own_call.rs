//! A call for the client token's own sake: its renewal, its leases', its revocation.

use std::fmt;
use std::time::Duration;

use super::super::path::Path;
use super::super::read_refusal::ReadCause;
use super::super::refusal::{Attempt, Cause, Problem};
use super::super::wire::{Call, Kind, Server, Success};
use crate::http::retry::Deadline;
use crate::secret::Secret;

/// Revokes the token that asks for it, and with it what it leased.
pub(in super::super) const REVOKE: &str = "auth/token/revoke-self";

/// Why a call brought nothing.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Why {
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
pub(in super::super) async fn own_call(
    server: &Server,
    token: &Secret,
    path: &str,
    body: &[u8],
    bound: Duration,
) -> Result<Success, Why> {
    let path = Path::parse("the path", path).map_err(|error| Why::Other(error.to_string()))?;
    let answer = server.http.retry(Deadline::after(bound), async || {
        let call =
            Call { kind: Kind::Token, path: &path, version: None, body: Some(body.to_vec()), token: Some(token) };
        server.send(&call, &[token]).await
    });
    answer.await.map_err(|gave_up| match gave_up.last {
        None => Why::Other("no answer in time".into()),
        Some(attempt) => match &attempt {
            Attempt { kind, problem: Problem::Answered(answer) } if answer.status == 403 => {
                match Cause::of(*kind, answer) {
                    Cause::Read(ReadCause::Token) => Why::Gone,
                    Cause::Read(_) => Why::Denied(answer.to_string()),
                    Cause::Common(_) | Cause::Login(_) => Why::Other(attempt.to_string()),
                }
            }
            Attempt { .. } => Why::Other(attempt.to_string()),
        },
    })
}
