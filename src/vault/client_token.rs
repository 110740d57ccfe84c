//! What a login gives: the client token, and what the server tells of it.

use std::time::Duration;

use tokio::time::Instant;

use super::wire::{Auth, life};
use crate::http::{PeerText, RawText, Shown};
use crate::secret::Secret;

/// What the login gave.
#[derive(Clone, Debug)]
pub(super) struct ClientToken {
    pub(super) secret: Secret,
    /// Its public name, by which an administrator finds and ends it.
    pub(super) accessor: String,
    pub(super) policies: PeerText,
    /// Its life, and each renewal's; zero for one that does not end.
    pub(super) life: Duration,
    since: Instant,
    pub(super) renewable: bool,
    /// It can be neither renewed nor revoked.
    pub(super) batch: bool,
    /// How many requests it is good for; none for any number.
    pub(super) uses: Option<u64>,
}

impl ClientToken {
    pub(super) fn new(auth: Auth, shown: &Shown) -> Self {
        let secret = Secret::new(auth.client_token);
        shown.add(&secret);
        let policies = auth.policies.unwrap_or_default().joined(", ");
        let batch = auth.token_type.unclean() == "batch";
        Self {
            secret,
            accessor: accessor(&auth.accessor),
            policies: shown.clean(&policies),
            life: life(auth.lease_duration),
            since: Instant::now(),
            renewable: auth.renewable,
            batch,
            // The uses of a batch token are not counted.
            uses: (auth.num_uses > 0 && !batch).then_some(auth.num_uses),
        }
    }

    /// What is left of its first life; none for one that does not end.
    pub(super) fn left(&self) -> Option<Duration> {
        (!self.life.is_zero()).then(|| self.life.saturating_sub(self.since.elapsed()))
    }

    /// When it ends if nobody ends it, for a sentence.
    pub(super) fn ends(&self) -> String {
        if self.life.is_zero() { "does not expire".into() } else { format!("expires within {} s", self.life.as_secs()) }
    }
}

/// An accessor as servers make them, which goes into a command line that somebody pastes; empty for anything else.
fn accessor(raw: &RawText) -> String {
    let text = raw.unclean();
    let sound = text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if sound { text.to_owned() } else { String::new() }
}
