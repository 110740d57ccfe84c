//! The client token of a run that may come to a bad end: from the moment that the login is sent, the server may have made it.

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

/// What a login comes to: the token, with the server as it is spoken to from then on; nothing where the server asks for more
/// than the job's token.
pub(super) type LoggedIn = Result<Option<(Server, ClientToken)>, Attempt<Answer>>;

/// The login or the client token of an exchange that is under way, for whoever sees it come to a bad end.
#[derive(Default)]
pub struct PendingRevocation {
    login: RefCell<Option<Login>>,
    token: RefCell<Option<HeldToken>>,
}

/// A login without an answer yet.
struct Login {
    sent: Sent,
    answer: Pin<Box<dyn Future<Output = LoggedIn>>>,
}

/// How long the answer to a login is waited for after a bad end.
const ANSWER: Duration = Duration::from_secs(2);

impl PendingRevocation {
    /// Waits for the answer to a login. If that wait is given up, the login stays here, since the server may have taken it.
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

    /// Revokes the token, or what a login that was sent still brings. Whatever the server does, that takes two seconds at most
    /// for the login's answer, and two for the revocation; `at_once` cuts it short.
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
