//! A Kubernetes API server: one namespace with one pod, for every caller with an accepted token.

mod authenticator;
mod eks;
mod resources;

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use crate::server::{Answer, Request, Response, Server, ServerTls, Service};
use crate::sync::lock;
pub use authenticator::{Authenticator, Users};

/// An API server.
pub struct ApiServer {
    server: Server,
    room: Arc<Room>,
}

impl ApiServer {
    /// Starts it over TLS, because Kubernetes clients send tokens only over TLS.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn start(tls: &ServerTls, authenticator: Authenticator) -> io::Result<Self> {
        let room = Arc::new(Room { authenticator, users: Mutex::default(), refused: Mutex::default() });
        let inside = Arc::clone(&room);
        let server = Server::start(Some(tls), |_| inside)?;
        Ok(Self { server, room })
    }

    /// The users whose requests were accepted, in order.
    #[must_use]
    pub fn users(&self) -> Vec<String> {
        lock(&self.room.users).clone()
    }

    /// The reasons of refusals, which no client gets.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        lock(&self.room.refused).clone()
    }
}

impl Deref for ApiServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct Room {
    authenticator: Authenticator,
    users: Mutex<Vec<String>>,
    refused: Mutex<Vec<String>>,
}

impl Service for Room {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        Box::pin(async move {
            let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
            let found = match bearer {
                Some(token) => self.authenticator.user(token).await,
                None => Err("no bearer token".into()),
            };
            match found {
                Ok(user) => {
                    lock(&self.users).push(user);
                    resources::answer(request)
                }
                Err(why) => {
                    lock(&self.refused).push(why);
                    resources::failure(401, "Unauthorized", "Unauthorized")
                }
            }
        })
    }

    fn throttled(&self) -> Response {
        resources::failure(429, "TooManyRequests", "Too many requests, please try again later.")
    }

    fn unavailable(&self) -> Response {
        resources::failure(503, "ServiceUnavailable", "the server is currently unable to handle the request")
    }
}
