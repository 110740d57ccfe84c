//! What a login leaves: the client token, and the leases that live no longer than it does.

mod renewal;

use std::time::{Duration, SystemTime};

use super::client_token::ClientToken;
use super::leftover_token::LeftoverToken;
use super::path::Path;
use super::server_options::ServerOptions;
use super::token_self::{self, REVOKE, Why};
use super::wire::{Envelope, Server, life};
use crate::diagnostic::DECISIONS;
use crate::http::retry::Deadline;
use crate::state::{self, NewFiles};

/// What a secrets engine made for this token. The server ends it with the token at the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    id: String,
    pub(super) path: Path,
    life: Duration,
    renewable: bool,
}

impl Lease {
    /// The answer's lease. KV version 1 gives a duration and no id: a hint for caches, and no lease.
    pub(super) fn of(path: &Path, envelope: &Envelope) -> Option<Self> {
        (!envelope.lease_id.is_empty()).then(|| Self {
            id: envelope.lease_id.clone(),
            path: path.clone(),
            life: life(envelope.lease_duration),
            renewable: envelope.renewable,
        })
    }
}

/// The token and its leases, while something uses them.
#[derive(Clone, Debug)]
pub struct HeldToken {
    pub(super) server: Server,
    pub(super) token: ClientToken,
    pub(super) leases: Vec<Lease>,
    /// Requests that the token was spent on.
    pub(super) spent: u64,
    /// Whether the token itself is handed out.
    pub(super) handed_out: bool,
    /// `--no-revoke`.
    pub(super) no_revoke: bool,
    /// How the server is reached.
    pub(super) server_options: ServerOptions,
}

/// Bound on the revocation of a token that has served its turn, in a run that has as long: the job has what it came for.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Bound on the revocation after a run that has failed or was interrupted: somebody waits for its end.
const IN_HASTE: Duration = Duration::from_secs(2);

impl HeldToken {
    /// A token that nothing uses yet, and nobody is to get.
    pub(super) fn new(server: Server, token: ClientToken) -> Self {
        let (leases, server_options) = (Vec::new(), ServerOptions::default());
        Self { server, token, leases, spent: 0, handed_out: false, no_revoke: false, server_options }
    }

    /// Whether the job needs the token to live: it has the token, or a secret that ends with it.
    pub(super) fn is_in_use(&self) -> bool {
        self.handed_out || !self.leases.is_empty()
    }

    /// Whether it is to live on after a good end, used or not.
    fn outlives(&self) -> bool {
        self.is_in_use() || self.no_revoke
    }

    /// The token itself, where it is handed out, has made leases or is to stay; otherwise it is revoked.
    ///
    /// The revocation takes no longer than the run has left, but two seconds at least.
    pub async fn release(self, deadline: Deadline) -> Option<Self> {
        if self.outlives() {
            return Some(self);
        }
        self.end_within(deadline.remaining().clamp(IN_HASTE, LAST_CALL)).await;
        None
    }

    /// When the token or one of its leases ends, whichever is first; none where none of them does.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        let leases = self.leases.iter().map(|lease| lease.life).filter(|life| !life.is_zero());
        let first = leases.chain(self.token.left()).min()?;
        self.server.clock.now().checked_add(first)
    }

    /// Whether the token was used up by the run itself, and is gone.
    fn exhausted(&self) -> bool {
        self.token.uses.is_some_and(|uses| uses <= self.spent)
    }

    /// Says which leases will end with the token, before their own time.
    pub fn warn_of_early_ends(&self) {
        for lease in &self.leases {
            if !self.token.life.is_zero() && self.token.life < lease.life {
                tracing::warn!(
                    "what {} gave is said to last {} s, but ends with its client token, in {} s: raise token_ttl on the role, or run the command after `--`",
                    lease.path,
                    lease.life.as_secs(),
                    self.token.life.as_secs()
                );
            }
        }
    }

    /// Records the token in the private directory at `place`, for `clean` to end; nothing where `clean` could not.
    ///
    /// # Errors
    /// When it cannot be written there.
    pub async fn record(&self, place: &state::StateDir) -> Result<Option<NewFiles>, state::Error> {
        if self.token.batch || self.exhausted() {
            return Ok(None);
        }
        if !place.is_lasting() {
            tracing::info!(
                "`oidc-exchange clean` will not end the client token: it finds this run's private directory by SEMAPHORE_JOB_ID or OIDC_EXCHANGE_DIR, and neither is set"
            );
            return Ok(None);
        }
        let mut files = place.open()?.new_files();
        let left = LeftoverToken::new(&self.server, &self.token, &self.server_options);
        files.noted("vault-token", &self.token.secret, LeftoverToken::KIND, &left).await?;
        Ok(Some(files))
    }

    /// Whether `--no-revoke` keeps the token after a good end.
    #[must_use]
    pub fn no_revoke(&self) -> bool {
        self.no_revoke
    }

    /// Revokes the token, and with it what it leased, after the last use of both. It never fails: a token that stays
    /// ends by itself.
    pub async fn end(&self) {
        self.end_within(LAST_CALL).await;
    }

    /// Revokes the token after a run that has failed or was interrupted: in two seconds at most, whatever the server does.
    pub async fn give_up(&self) {
        self.end_within(IN_HASTE).await;
    }

    async fn end_within(&self, bound: Duration) {
        if self.exhausted() {
            return;
        }
        let ends = self.token.ends();
        if self.token.batch {
            if self.token.left() != Some(Duration::ZERO) {
                self.remains(&format!("a batch token cannot be revoked: it {ends}"));
            }
            return;
        }
        match token_self::call(&self.server, &self.token.secret, REVOKE, b"{}", bound).await {
            Ok(_) => tracing::info!(target: DECISIONS, "revoked the client token"),
            Err(Why::Gone) => tracing::info!(target: DECISIONS, "the client token has ended already"),
            Err(Why::Denied(_)) => self.remains(&format!(
                "the client token may not revoke itself (token_no_default_policy on the role): it {ends}"
            )),
            Err(why @ Why::Other(_)) => {
                tracing::warn!("the client token was not revoked, and {ends}: {why}");
            }
        }
    }

    /// A token that can do nothing more is a note; one that keeps a secret alive that was to end is a warning.
    fn remains(&self, what: &str) {
        if self.leases.is_empty() {
            tracing::info!("{what}");
        } else {
            tracing::warn!("{what}, and with it what it leased");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_without_an_id_is_no_lease() {
        let path = Path::parse("x", "kv1/a").unwrap();
        assert_eq!(Lease::of(&path, &Envelope { lease_duration: 2_764_800, ..Envelope::default() }), None);
        let leased = Envelope { lease_id: "a/b".into(), lease_duration: 60, ..Envelope::default() };
        assert_eq!(Lease::of(&path, &leased).unwrap().life, Duration::from_mins(1));
    }
}
