//! A client token after its use, with the leases that expire with it.

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

/// A lease of a secrets engine for this token. The server revokes it with the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    id: String,
    pub(super) path: Path,
    life: Duration,
    renewable: bool,
}

impl Lease {
    /// The lease of the answer, if it has one. KV version 1 returns a duration without an id: that is a hint for
    /// caches.
    pub(super) fn of(path: &Path, envelope: &Envelope) -> Option<Self> {
        (!envelope.lease_id.is_empty()).then(|| Self {
            id: envelope.lease_id.clone(),
            path: path.clone(),
            life: life(envelope.lease_duration),
            renewable: envelope.renewable,
        })
    }
}

/// The token and its leases, while they are in use.
#[derive(Clone, Debug)]
pub struct HeldToken {
    pub(super) server: Server,
    pub(super) token: ClientToken,
    pub(super) leases: Vec<Lease>,
    /// The number of requests made with the token.
    pub(super) spent: u64,
    /// Whether the token itself is exported.
    pub(super) handed_out: bool,
    /// `--no-revoke`.
    pub(super) no_revoke: bool,
    /// The options of the connection to the server.
    pub(super) server_options: ServerOptions,
}

/// The timeout for the revocation after a successful run, if the run has as much time left.
const LAST_CALL: Duration = Duration::from_secs(5);

/// The timeout for the revocation after a run that failed or was interrupted: somebody waits for its end.
const IN_HASTE: Duration = Duration::from_secs(2);

impl HeldToken {
    /// A new token that is not used yet and is not exported.
    pub(super) fn new(server: Server, token: ClientToken) -> Self {
        let (leases, server_options) = (Vec::new(), ServerOptions::default());
        Self { server, token, leases, spent: 0, handed_out: false, no_revoke: false, server_options }
    }

    /// Whether the job needs the token: it gets the token, or a secret that expires with it.
    pub(super) fn is_in_use(&self) -> bool {
        self.handed_out || !self.leases.is_empty()
    }

    /// Whether the token is kept after success, used or not.
    fn outlives(&self) -> bool {
        self.is_in_use() || self.no_revoke
    }

    /// Returns the token if it is exported, has leases, or must be kept; otherwise revokes it.
    ///
    /// The revocation has the remaining time of the run, and at least two seconds.
    pub async fn release(self, deadline: Deadline) -> Option<Self> {
        if self.outlives() {
            return Some(self);
        }
        self.end_within(deadline.remaining().clamp(IN_HASTE, LAST_CALL)).await;
        None
    }

    /// The earliest expiry of the token and its leases; `None` if none expires.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        let leases = self.leases.iter().map(|lease| lease.life).filter(|life| !life.is_zero());
        let first = leases.chain(self.token.left()).min()?;
        self.server.clock.now().checked_add(first)
    }

    /// Whether the run itself has used up the token, so that it is gone.
    fn exhausted(&self) -> bool {
        self.token.uses.is_some_and(|uses| uses <= self.spent)
    }

    /// Warns of leases that will be revoked with the token, before they expire.
    pub fn warn_of_early_ends(&self) {
        for lease in &self.leases {
            if !self.token.life.is_zero() && self.token.life < lease.life {
                tracing::warn!(
                    "the lease of {} is for {} s, but is revoked with its client token, in {} s: raise token_ttl on the role, or run the command after `--`",
                    lease.path,
                    lease.life.as_secs(),
                    self.token.life.as_secs()
                );
            }
        }
    }

    /// Records the token in the private directory at `place`, so that `clean` can revoke it. Returns `None` if
    /// `clean` could not.
    ///
    /// # Errors
    /// If it cannot be written there.
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

    /// Whether `--no-revoke` keeps the token after success.
    #[must_use]
    pub fn no_revoke(&self) -> bool {
        self.no_revoke
    }

    /// Revokes the token and its leases, after the last use of both. It never fails: a token that is not revoked
    /// expires.
    pub async fn end(&self) {
        self.end_within(LAST_CALL).await;
    }

    /// Revokes the token after a run that failed or was interrupted, in at most two seconds.
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

    /// A useless token that remains is a note. A token that keeps a secret alive is a warning.
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
