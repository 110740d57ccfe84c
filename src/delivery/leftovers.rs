//! What exchanges leave behind, and has to be undone after the last use of what they handed over.

use futures_util::future::join_all;

use crate::registry::Registration;
use crate::state::{self, NewFiles};
use crate::vault::HeldToken;

/// Files that the variables lead to, and the Vaults' client tokens that they are or need. The files go when this is dropped,
/// unless it is [kept](Self::keep).
#[derive(Debug, Default)]
pub struct Leftovers {
    files: Vec<NewFiles>,
    /// Registries whose helper this program is now.
    registration: Option<Registration>,
    /// With their leases.
    tokens: Vec<HeldToken>,
}

impl Leftovers {
    /// What one exchange leaves.
    #[must_use]
    pub fn of(files: Option<NewFiles>, token: Option<HeldToken>) -> Self {
        Self { files: files.into_iter().collect(), registration: None, tokens: token.into_iter().collect() }
    }

    /// Adds what another exchange leaves.
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

    /// Keeps alive what would end, as long as it is polled.
    pub async fn tend(&self) {
        join_all(self.tokens.iter().map(HeldToken::renew)).await;
    }

    /// Records for `clean` the tokens that the job is about to get, or has secrets of. What cannot be recorded ends by
    /// itself, and that is no failure.
    pub(super) async fn record(&self, place: &state::StateDir) -> Vec<NewFiles> {
        let mut records = Vec::new();
        for token in &self.tokens {
            records.extend(record(token, place).await);
        }
        records
    }

    /// Ends the registrations, revokes the tokens, as nobody gets them, and deletes the files.
    pub async fn give_up(self, place: &state::StateDir) {
        if let Some(registration) = self.registration {
            registration.end(place).await;
        }
        join_all(self.tokens.iter().map(HeldToken::give_up)).await;
    }

    /// Undoes everything after a command, except for tokens that are to stay. A token that does not end now ends by itself,
    /// and that is no failure.
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

    /// Leaves files and tokens to the job, now that it has what leads to them, and says what will end before its time.
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
