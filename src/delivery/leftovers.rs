//! What must be undone after the last use of an exchange's result.

use futures_util::future::join_all;

use crate::registry::Registration;
use crate::state::{self, NewFiles};
use crate::vault::HeldToken;

/// Files that the variables name, and Vault client tokens that are exported or have leases. The files are deleted on
/// drop, unless they are [kept](Self::keep).
#[derive(Debug, Default)]
pub struct Leftovers {
    files: Vec<NewFiles>,
    /// Registries for which this program is now the helper.
    registration: Option<Registration>,
    /// Tokens with their leases.
    tokens: Vec<HeldToken>,
}

impl Leftovers {
    /// The leftovers of one exchange.
    #[must_use]
    pub fn of(files: Option<NewFiles>, token: Option<HeldToken>) -> Self {
        Self { files: files.into_iter().collect(), registration: None, tokens: token.into_iter().collect() }
    }

    /// Adds the leftovers of another exchange.
    pub fn add(&mut self, other: Self) {
        self.files.extend(other.files);
        self.registration = self.registration.take().or(other.registration);
        self.tokens.extend(other.tokens);
    }

    /// Adds the registries that were registered.
    pub fn register(&mut self, registration: Registration) {
        self.registration = Some(registration);
    }

    /// Whether there is nothing to undo.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.registration.is_none() && self.tokens.is_empty()
    }

    /// Renews tokens and leases, as long as it is polled.
    pub async fn tend(&self) {
        join_all(self.tokens.iter().map(HeldToken::renew)).await;
    }

    /// Records for `clean` the tokens that the job gets, or whose leases it gets. A token that cannot be recorded
    /// expires by itself, which is not an error.
    pub(super) async fn record(&self, place: &state::StateDir) -> Vec<NewFiles> {
        let mut records = Vec::new();
        for token in &self.tokens {
            records.extend(record(token, place).await);
        }
        records
    }

    /// Undoes the registrations, revokes the tokens, and deletes the files: nobody gets the result.
    pub async fn give_up(self, place: &state::StateDir) {
        if let Some(registration) = self.registration {
            registration.end(place).await;
        }
        join_all(self.tokens.iter().map(HeldToken::give_up)).await;
    }

    /// Undoes everything after a command, except for tokens that must be kept. A token that cannot be revoked expires
    /// by itself, which is not an error.
    pub(super) async fn undo(mut self, place: &state::StateDir) {
        if let Some(registration) = self.registration.take() {
            registration.end(place).await;
        }
        for token in self.tokens.iter().filter(|token| token.no_revoke()) {
            if let Some(record) = record(token, place).await {
                record.keep();
            }
        }
        join_all(self.tokens.iter().filter(|token| !token.no_revoke()).map(HeldToken::end)).await;
    }

    /// Keeps files and tokens for the job. Warns of leases that are revoked before they expire.
    pub(super) fn keep(self) {
        self.files.into_iter().for_each(NewFiles::keep);
        if let Some(registration) = self.registration {
            registration.keep();
        }
        self.tokens.iter().for_each(HeldToken::warn_of_early_ends);
    }
}

async fn record(token: &HeldToken, place: &state::StateDir) -> Option<NewFiles> {
    token.record(place).await.unwrap_or_else(|error| {
        tracing::warn!("{error}; `oidc-exchange clean` will not end the client token");
        None
    })
}
