//! Renews the token and its leases while they are in use.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::super::token_self;
use super::super::wire::life;
use super::{HeldToken, Lease};
use crate::diagnostic::DECISIONS;

/// The part of a lifetime after which it is renewed.
const RENEW_AFTER: f32 = 2.0 / 3.0;

/// A token or a lease to renew.
struct Renewal {
    what: String,
    path: &'static [&'static str],
    body: Vec<u8>,
    life: Duration,
    due: Instant,
    ends: Instant,
}

impl Renewal {
    fn new(what: String, path: &'static [&'static str], body: Vec<u8>, life: Duration) -> Self {
        let now = Instant::now();
        Self { what, path, body, life, due: now + life.mul_f32(RENEW_AFTER), ends: now + life }
    }

    /// Schedules the next renewal; false if the server grants no more time.
    fn extended(&mut self, life: Duration) -> bool {
        let now = Instant::now();
        let ends = now + life;
        // Near its maximum, a lifetime gets shorter with each renewal. Without this limit, renewals would not end.
        let grows = ends > self.ends + Duration::from_millis(500);
        if life < self.life && !grows {
            return false;
        }
        self.due = now + life.mul_f32(RENEW_AFTER);
        self.ends = ends;
        true
    }
}

impl HeldToken {
    /// Renews the token and the leases in time, while it is polled and the server allows it.
    pub async fn renew(&self) {
        if self.is_in_use() {
            let leases = self.leases.iter().filter(|lease| !lease.life.is_zero());
            tokio::join!(self.renew_token(), join_all(leases.map(|lease| self.renew_lease(lease))));
        }
    }

    async fn renew_token(&self) {
        let life = self.token.life;
        if life.is_zero() {
            return;
        }
        if self.token.renewable && !self.token.batch && self.token.uses.is_none() {
            let what = "the client token".to_owned();
            return self.keep_up(Renewal::new(what, &["auth", "token", "renew-self"], b"{}".to_vec(), life)).await;
        }
        sleep_until(Instant::now() + life).await;
        let with_it = if self.leases.is_empty() { "" } else { ", and with it what it leased" };
        tracing::warn!("the client token has ended after {} s{with_it}: this kind is not renewed", life.as_secs());
    }

    async fn renew_lease(&self, lease: &Lease) {
        let what = format!("the lease of {}", lease.path);
        // A renewal uses up one of the token's uses. After the last use, the token and its leases are revoked.
        if lease.renewable && self.token.uses.is_none() {
            let body = json!({ "lease_id": lease.id }).to_string().into_bytes();
            return self.keep_up(Renewal::new(what, &["sys", "leases", "renew"], body, lease.life)).await;
        }
        if self.token.life.is_zero() || lease.life < self.token.life {
            sleep_until(Instant::now() + lease.life).await;
            tracing::warn!("{what} has ended after {} s: it is not renewed", lease.life.as_secs());
        }
    }

    async fn keep_up(&self, mut renewal: Renewal) {
        loop {
            sleep_until(renewal.due).await;
            let left = renewal.ends.saturating_duration_since(Instant::now());
            match token_self::call(&self.server, &self.token.secret, renewal.path, &renewal.body, left).await {
                Ok(success) => {
                    let envelope = success.envelope;
                    let life = life(envelope.auth.map_or(envelope.lease_duration, |auth| auth.lease_duration));
                    let seconds = life.as_secs();
                    if !renewal.extended(life) {
                        tracing::warn!("{} cannot be renewed again: it expires in {seconds} s", renewal.what);
                        return;
                    }
                    tracing::info!(target: DECISIONS, "renewed {} for {seconds} s", renewal.what);
                }
                Err(why) => {
                    let left = renewal.ends.saturating_duration_since(Instant::now()).as_secs();
                    tracing::warn!("{} was not renewed, and ends in {left} s: {why}", renewal.what);
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_life_that_no_longer_grows_is_not_renewed_again() {
        let mut renewal = Renewal::new("x".into(), &["y"], Vec::new(), Duration::from_secs(9));
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(renewal.extended(Duration::from_secs(9)), "a whole life more");
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(renewal.extended(Duration::from_secs(5)), "the maximum is near, but this is two seconds more");
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(!renewal.extended(Duration::from_secs(2)), "nothing was gained");
    }
}
