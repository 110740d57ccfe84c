//! The login or client token of a run that may fail. From the moment the login is sent, the server may have created a
//! token.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use super::answer::Answer;
use super::client_token::ClientToken;
use super::held_token::HeldToken;
use super::wire::Server;
use crate::http::{Attempt, Problem, Sent};

/// The result of a login: the token, with the server for later calls; `None` if the server requires more than the
/// job's token.
pub(super) type LoggedIn = Result<Option<(Server, ClientToken)>, Attempt<Answer>>;

/// The login or client token of a running exchange, for the caller that revokes it on failure.
#[derive(Default)]
pub struct PendingRevocation {
    login: RefCell<Option<Login>>,
    token: RefCell<Option<HeldToken>>,
}

/// A login that has no answer yet.
struct Login {
    sent: Sent,
    answer: Pin<Box<dyn Future<Output = LoggedIn>>>,
}

/// How long a failed run waits for the answer to its login.
const ANSWER: Duration = Duration::from_secs(2);

impl PendingRevocation {
    /// Waits for the answer to a login. If the wait is abandoned, the login stays here, because the server may have
    /// received it.
    pub(super) async fn login(&self, sent: Sent, answer: impl Future<Output = LoggedIn> + 'static) -> LoggedIn {
        self.login.replace(Some(Login { sent, answer: Box::pin(answer) }));
        poll_fn(|context| {
            let mut login = self.login.borrow_mut();
            let polled = login.as_mut().map_or(Poll::Pending, |login| login.answer.as_mut().poll(context));
            if polled.is_ready() {
                *login = None;
            }
            polled
        })
        .await
    }

    pub(super) fn note(&self, token: &HeldToken) {
        self.token.replace(Some(token.clone()));
    }

    /// Revokes the token, or the token that a sent login returns. It waits at most two seconds for the login's
    /// answer, and two for the revocation. If `at_once` resolves, it stops.
    pub async fn revoke(&self, at_once: impl Future<Output = ()>) {
        let mut at_once = pin!(at_once);
        let login = self.login.take().filter(|login| login.sent.is_set());
        if let Some(Login { answer, .. }) = login {
            let answered = tokio::select! {
                answered = tokio::time::timeout(ANSWER, answer) => answered.ok(),
                () = &mut at_once => None,
            };
            match answered {
                Some(Ok(Some((server, token)))) => self.note(&HeldToken::new(server, token)),
                Some(Ok(None)) => {}
                Some(Err(attempt)) if matches!(attempt.problem, Problem::Answered(_)) => {}
                Some(Err(_)) | None => {
                    tracing::warn!(
                        "Vault did not answer the login: if it made a client token, the token is not revoked, and expires later"
                    );
                    return;
                }
            }
        }
        let Some(held) = self.token.take() else { return };
        tokio::select! {
            () = held.give_up() => {}
            () = at_once => tracing::warn!("the client token was not revoked, and {}", held.token.ends()),
        }
    }
}
