//! The client token that a login returns, with its properties.

use std::time::Duration;

use tokio::time::Instant;

use super::wire::{Auth, life};
use crate::http::{PeerText, RawText, Shown};
use crate::secret::Secret;

/// The result of a login.
#[derive(Clone, Debug)]
pub(super) struct ClientToken {
    pub(super) secret: Secret,
    /// Its accessor, with which an administrator can find and revoke it.
    pub(super) accessor: String,
    pub(super) policies: PeerText,
    /// Its lifetime, and that of each renewal; zero if it does not expire.
    pub(super) life: Duration,
    since: Instant,
    pub(super) renewable: bool,
    /// A batch token: it can be neither renewed nor revoked.
    pub(super) batch: bool,
    /// The number of requests that it may be used for; `None` for any number.
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
            accessor: accessor(&auth.accessor, shown),
            policies: shown.clean(&policies),
            life: life(auth.lease_duration),
            since: Instant::now(),
            renewable: auth.renewable,
            batch,
            // The server does not count the uses of a batch token.
            uses: (auth.num_uses > 0 && !batch).then_some(auth.num_uses),
        }
    }

    /// The rest of its first lifetime; `None` if it does not expire.
    pub(super) fn left(&self) -> Option<Duration> {
        (!self.life.is_zero()).then(|| self.life.saturating_sub(self.since.elapsed()))
    }

    /// When it expires if it is not revoked, as part of a sentence.
    pub(super) fn ends(&self) -> String {
        if self.life.is_zero() { "does not expire".into() } else { format!("expires within {} s", self.life.as_secs()) }
    }
}

/// The accessor, if it has the form that servers generate; otherwise an empty text. It becomes part of a command that
/// users paste. A server could make it of a secret.
fn accessor(raw: &RawText, shown: &Shown) -> String {
    let text = raw.unclean();
    if shown.clean(raw).as_str() != text {
        return String::new();
    }
    let sound = text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if sound { text.to_owned() } else { String::new() }
}
