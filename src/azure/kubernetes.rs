//! Access tokens for Kubernetes clients, for clusters of Azure Kubernetes Service.

use super::{Request, Scope, exchange};
use crate::cache::{self, Key, Question};
use crate::cloud::{AccessToken, Given, LEAST_LIFE};
use crate::error::Error;
use crate::subject::SubjectToken;

/// The scope of the application that represents all clusters of the public cloud
/// (<https://azure.github.io/kubelogin/concepts/aks.html>).
#[must_use]
pub fn scope() -> Scope {
    Scope::all_of("6dae42f8-4368-4678-94ff-3960e28e3630")
}

/// The access token for `request`: the one that an earlier run kept, while it is fresh, or else a new one.
///
/// # Errors
/// As [`exchange::exchange`]. An error is also kept for some seconds.
pub async fn access_token(request: &Request, given: &Given<'_>) -> Result<AccessToken, Error> {
    let key = key(request, given.token);
    let fetch = async || exchange::exchange(request, given).await;
    cache::through(&key, given.place, &given.host.clock, given.deadline, fetch).await
}

/// The key under which the access token is kept.
fn key(request: &Request, token: &SubjectToken) -> Key {
    let mut question = Question::new("Microsoft Entra", "azure").renewed(LEAST_LIFE).remembering_failures();
    question.part("token", token.jwt().reveal());
    question.part("endpoint", &request.authority.token(&request.tenant));
    question.part("client", request.client.as_str());
    question.part("scope", request.scope.as_str());
    question.key()
}
