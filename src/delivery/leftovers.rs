//! What an exchange leaves behind, and has to be undone after the last use of what it handed over.

use crate::state::{self, NewFiles};
use crate::vault::HeldToken;

/// Files that the variables lead to, and a Vault's client token that they are or need. The files go when this is dropped,
/// unless it is [kept](Self::keep).
#[derive(Debug, Default)]
pub struct Leftovers {
    /// The files.
    pub files: Option<NewFiles>,
    /// The client token, with its leases.
    pub token: Option<HeldToken>,
}

impl Leftovers {
    /// Whether there is nothing to undo.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_none() && self.token.is_none()
    }

    /// Keeps alive what would end, as long as it is polled.
    pub(super) async fn tend(&self) {
        if let Some(token) = &self.token {
            token.renew().await;
        }
    }

    /// Records for `clean` the token that the job is about to get, or has secrets of. What cannot be recorded ends by
    /// itself, and that is no failure.
    pub(super) async fn record(&self, place: &state::StateDir) -> Option<NewFiles> {
        let recorded = self.token.as_ref()?.record(place).await;
        recorded.unwrap_or_else(|error| {
            tracing::warn!("{error}; `oidc-exchange clean` will not end the client token");
            None
        })
    }

    /// Revokes the token, as nobody gets it, and deletes the files.
    pub(super) async fn give_up(self) {
        if let Some(token) = &self.token {
            token.give_up().await;
        }
    }

    /// Undoes everything after a command, but for a token that is to stay. A token that does not end now ends by itself,
    /// and that is no failure.
    pub(super) async fn undo(self, place: &state::StateDir) {
        match &self.token {
            Some(token) if token.no_revoke() => {
                if let Some(record) = self.record(place).await {
                    record.keep();
                }
            }
            Some(token) => token.end().await,
            None => {}
        }
    }

    /// Leaves files and token to the job, now that it has what leads to them, and says what will end before its time.
    pub(super) fn keep(self) {
        if let Some(files) = self.files {
            files.keep();
        }
        if let Some(token) = self.token {
            token.warn_of_early_ends();
        }
    }
}
