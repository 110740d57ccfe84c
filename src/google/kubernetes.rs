//! Access tokens for Kubernetes clients, for clusters of Google Kubernetes Engine.

use super::{Credentials, Request, exchange};
use crate::cache::{self, Key, Question};
use crate::cloud::{AccessToken, Given, LEAST_LIFE};
use crate::error::{Error, Exit, Report};
use crate::subject::SubjectToken;

/// The access token for `request`: the one that an earlier run kept, while it is fresh, or else a new one.
///
/// # Errors
/// As [`exchange::exchange`]. An error is also kept for some seconds.
pub async fn credentials(request: &Request, given: &Given<'_>) -> Result<Credentials, Error> {
    let fetch = async || {
        let found = exchange::exchange(request, given).await?.access_token;
        found.ok_or_else(|| Error::new(Exit::Bug, Report::new("no access token was asked for")))
    };
    let key = key(request, given.token);
    let token: AccessToken = cache::through(&key, given.place, &given.host.clock, given.deadline, fetch).await?;
    Ok(Credentials { access_token: Some(token), id_token: None })
}

/// The key under which the access token is kept.
fn key(request: &Request, token: &SubjectToken) -> Key {
    let mut question = Question::new("Google", "google").renewed(LEAST_LIFE).remembering_failures();
    question.part("token", token.jwt().reveal());
    question.part("audience", &request.provider.audience());
    question.part("sts", &request.endpoints.token());
    request.scopes.iter().for_each(|scope| question.part("scope", scope.as_str()));
    if let Some(asked) = &request.impersonation {
        question.part("account", &request.endpoints.generate_access_token(&asked.account));
        asked.delegates.iter().for_each(|delegate| question.part("delegate", &delegate.resource()));
        if let Some(lifetime) = asked.lifetime {
            question.part("lifetime", &lifetime.seconds().to_string());
        }
    }
    question.key()
}
