//! What a login leaves: the client token, and the leases that live no longer than it does.

use std::fmt::Display;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::login::ClientToken;
use super::path::Path;
use super::refusal::{Attempt, Cause, Problem};
use super::wire::{Call, Envelope, Kind, Server, Success};
use crate::http::retry::{self, Deadline, Outcome};

/// What a secrets engine made for this token. The server ends it with the token at the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    id: String,
    path: Path,
    life: Duration,
    renewable: bool,
}

impl Lease {
    /// The answer's lease. KV version 1 gives a duration and no id: a hint for caches, and no lease.
    pub(super) fn of(path: &Path, envelope: &Envelope) -> Option<Self> {
        (!envelope.lease_id.is_empty()).then(|| Self {
            id: envelope.lease_id.clone(),
            path: path.clone(),
            life: Duration::from_secs(envelope.lease_duration),
            renewable: envelope.renewable,
        })
    }
}

/// The token and its leases, while something uses them.
#[derive(Debug)]
pub struct Tenancy {
    pub(super) server: Server,
    pub(super) token: ClientToken,
    pub(super) leases: Vec<Lease>,
    /// Requests that the token was spent on.
    pub(super) spent: u64,
    /// `--no-revoke`.
    pub(super) stays: bool,
}

/// Bound on a revocation: the job has what it came for.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Part of a life after which it is renewed.
const RENEW_AFTER: f32 = 2.0 / 3.0;

/// What is renewed, or, without a path, awaited.
struct Renewal {
    what: String,
    path: Option<&'static str>,
    body: Vec<u8>,
    life: Duration,
    due: Instant,
    ends: Instant,
}

impl Renewal {
    fn new(what: String, path: &'static str, body: Vec<u8>, life: Duration) -> Self {
        let now = Instant::now();
        Self { what, path: Some(path), body, life, due: now + life.mul_f32(RENEW_AFTER), ends: now + life }
    }

    /// What ends whatever is done.
    fn end(what: String, life: Duration) -> Self {
        let ends = Instant::now() + life;
        Self { what, path: None, body: Vec::new(), life, due: ends, ends }
    }

    /// Sets the next time; false where the server gives no more.
    fn extended(&mut self, life: Duration) -> bool {
        let now = Instant::now();
        let ends = now + life;
        // Near its maximum a life grows shorter with each renewal; below this it would be asked for without end.
        let grows = ends > self.ends + Duration::from_millis(500);
        if life < self.life && !grows {
            return false;
        }
        self.due = now + life.mul_f32(RENEW_AFTER);
        self.ends = ends;
        true
    }
}

impl Tenancy {
    /// Whether the token was used up by the run itself, and is gone.
    fn exhausted(&self) -> bool {
        self.token.uses.is_some_and(|uses| uses <= self.spent)
    }

    /// Says which leases will end with the token, before their own time.
    pub fn warn_of_early_ends(&self) {
        for lease in &self.leases {
            if self.exhausted() {
                tracing::warn!(
                    "what {} gave is gone already: token_num_uses on the role was used up, and the lease ended with the token",
                    lease.path
                );
            } else if !self.token.life.is_zero() && self.token.life < lease.life {
                tracing::warn!(
                    "what {} gave is said to last {} s, but ends with its client token, in {} s: raise token_ttl on the role, or run the command after `--`",
                    lease.path,
                    lease.life.as_secs(),
                    self.token.life.as_secs()
                );
            }
        }
    }

    /// Renews the token and the leases, as long as it is polled and the server lets it.
    pub async fn renew(&self) {
        let mut renewals = self.renewals();
        while let Some(next) =
            renewals.iter().enumerate().min_by_key(|(_, renewal)| renewal.due).map(|(index, _)| index)
        {
            sleep_until(renewals[next].due).await;
            if !self.renew_one(&mut renewals[next]).await {
                renewals.remove(next);
            }
        }
    }

    fn renewals(&self) -> Vec<Renewal> {
        let mut renewals = Vec::new();
        if !self.token.life.is_zero() {
            if self.token.renewable && !self.token.batch && self.token.uses.is_none() {
                let what = "the client token".to_owned();
                renewals.push(Renewal::new(what, "auth/token/renew-self", b"{}".to_vec(), self.token.life));
            } else {
                renewals.push(Renewal::end("the client token".into(), self.token.life));
            }
        }
        for lease in self.leases.iter().filter(|lease| lease.renewable && !lease.life.is_zero()) {
            let what = format!("the lease of {}", lease.path);
            let body = json!({ "lease_id": lease.id }).to_string().into_bytes();
            renewals.push(Renewal::new(what, "sys/leases/renew", body, lease.life));
        }
        renewals
    }

    async fn renew_one(&self, renewal: &mut Renewal) -> bool {
        let Some(path) = renewal.path else {
            tracing::warn!(
                "{} has ended after {} s, and with it what it leased: this kind is not renewed",
                renewal.what,
                renewal.life.as_secs()
            );
            return false;
        };
        let left = renewal.ends.saturating_duration_since(Instant::now());
        match self.call(path, &renewal.body, left).await {
            Ok(success) => {
                let life = success.envelope.auth.map_or(success.envelope.lease_duration, |auth| auth.lease_duration);
                let more = renewal.extended(Duration::from_secs(life));
                if more {
                    tracing::debug!("renewed {} for {life} s", renewal.what);
                } else {
                    tracing::warn!("{} cannot be renewed further: it ends in {life} s", renewal.what);
                }
                more
            }
            Err(why) => {
                let left = renewal.ends.saturating_duration_since(Instant::now()).as_secs();
                tracing::warn!("{} was not renewed, and ends in {left} s: {why}", renewal.what);
                false
            }
        }
    }

    /// Revokes the token, and with it what it leased. It never fails: a token that stays ends by itself.
    pub async fn end(&self) {
        if self.stays || self.exhausted() {
            return;
        }
        if self.token.batch {
            tracing::debug!("a batch token cannot be revoked: it ends by itself in {} s", self.token.life.as_secs());
            return;
        }
        match self.call("auth/token/revoke-self", b"{}", LAST_CALL).await {
            Ok(_) => tracing::debug!("revoked the client token"),
            Err(Why::Denied) => tracing::info!(
                "the client token may not revoke itself (token_no_default_policy on the role); it ends in {} s",
                self.token.life.as_secs()
            ),
            Err(why) => tracing::warn!(
                "the client token was not revoked, and ends by itself in {} s: {why}",
                self.token.life.as_secs()
            ),
        }
    }

    async fn call(&self, path: &str, body: &[u8], bound: Duration) -> Result<Success, Why> {
        let path = Path::parse("the path", path).map_err(|error| Why::Other(error.to_string()))?;
        let token = &self.token.secret;
        let answer = retry::run(Deadline::after(bound), async || {
            let call =
                Call { kind: Kind::Token, path: &path, version: None, body: Some(body.to_vec()), token: Some(token) };
            self.server.send(&call, &[token]).await
        });
        answer.await.map_err(|(outcome, _)| match outcome {
            Outcome::TimedOut => Why::Other("no answer in time".into()),
            Outcome::Failed(Attempt { kind, problem: Problem::Answered(answer) })
                if answer.status == 403 && matches!(Cause::of(kind, &answer), Cause::Read(_)) =>
            {
                Why::Denied
            }
            Outcome::Failed(attempt) => Why::Other(attempt.to_string()),
        })
    }
}

/// Why a call for the token's sake brought nothing.
enum Why {
    Denied,
    Other(String),
}

impl Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Denied => f.write_str("permission denied"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_life_that_no_longer_grows_is_not_renewed_again() {
        let mut renewal = Renewal::new("x".into(), "y", Vec::new(), Duration::from_secs(9));
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(renewal.extended(Duration::from_secs(9)), "a whole life more");
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(renewal.extended(Duration::from_secs(5)), "the maximum is near, but this is two seconds more");
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(!renewal.extended(Duration::from_secs(2)), "nothing was gained");
    }

    #[test]
    fn a_duration_without_an_id_is_no_lease() {
        let path = Path::parse("x", "kv1/a").unwrap();
        assert_eq!(Lease::of(&path, &Envelope { lease_duration: 2_764_800, ..Envelope::default() }), None);
        let leased = Envelope { lease_id: "a/b".into(), lease_duration: 60, ..Envelope::default() };
        assert_eq!(Lease::of(&path, &leased).unwrap().life, Duration::from_mins(1));
    }
}
