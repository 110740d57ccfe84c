//! A client token that stays valid for the job, and its revocation by `clean`.
//!
//! To revoke a token by its accessor, another token needs a policy that allows this for the tokens of everybody. No job
//! has such a policy. The default policy allows a token to revoke itself, so the token must be stored. The variable
//! `VAULT_TOKEN` is not a substitute: `clean` may run in another shell, and the variable may contain a user's token. A
//! job with leases has no token in it. So the token is written to a private file for `clean`, which is in the manifest.
//! The manifest also has its accessor and the server.
//!
//! This gives no additional access: the same user's shell has the job's token, which can log in again until it
//! expires. If only a COMMAND gets the credentials, nothing is written before COMMAND has ended. Nothing is written
//! either if `clean` would not find it. After `clean` has revoked a token, or if it never can, the file is deleted.

use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::client_command::ClientCommand;
use super::client_token::ClientToken;
use super::server_options::ServerOptions;
use super::settings;
use super::token_self::{self, REVOKE, Why};
use super::wire::Server;
use crate::error::{Exit, Report};
use crate::host::Host;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::input;
use crate::secret::Secret;
use crate::shell::posix;

/// What may be shown of a server's words. An earlier run has sent it the job's token, and it has issued secrets. Neither are
/// known here.
const USUAL_WORDS: &[&str] = &[
    "permission denied",
    "1 error occurred: * permission denied",
    "2 errors occurred: * permission denied * invalid token",
    "invalid token",
    "bad token",
    "missing client token",
    "internal error",
    "Vault is sealed",
    "OpenBao is sealed",
    "no trusted authority signed it",
    "the name has no address",
    "NXDOMAIN",
    "connection closed before message completed",
    "Connection reset by peer (os error 104)",
    "Network is unreachable (os error 101)",
    "No route to host (os error 113)",
];

/// The timeout for the revocation of each token; all are revoked at the same time.
const BOUND: Duration = Duration::from_secs(5);

/// The manifest's note about a client token. It does not contain the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftoverToken {
    accessor: String,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default)]
    server_options: ServerOptions,
    /// When it expires if it is not renewed, in seconds since 1970; `None` if it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<i64>,
}

/// The result of a revocation.
#[derive(Debug)]
pub enum End {
    /// It is revoked or has expired.
    Ended,
    /// It is valid, and cannot be revoked from here.
    Refused(Report),
    /// It may be valid; another attempt can revoke it.
    Unreached(Report),
}

impl End {
    /// The exit code for the result.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Ended => Exit::Done,
            Self::Refused(_) => Exit::Refused,
            Self::Unreached(_) => Exit::Unreachable,
        }
    }
}

impl LeftoverToken {
    /// The kind of its note in the manifest.
    pub const KIND: &'static str = "vault-token";

    pub(super) fn new(server: &Server, token: &ClientToken, server_options: &ServerOptions) -> Self {
        let life = token.left().and_then(|left| i64::try_from(left.as_secs()).ok());
        Self {
            accessor: token.accessor.clone(),
            address: server.address.as_str().to_owned(),
            namespace: server.namespace.clone(),
            server_options: server_options.clone(),
            ends: life.map(|life| server.clock.unix().saturating_add(life)),
        }
    }

    /// Revokes the token, with its leases, using the token itself. `secret` is `None` if its file is missing.
    pub async fn end(&self, secret: Option<&Secret>, host: &Host) -> End {
        let Some(secret) = secret else {
            let said = "the file that held it is gone".to_owned();
            return End::Refused(self.report(
                "the client token cannot be revoked any more",
                said,
                self.by_others(host),
            ));
        };
        let server = match self.server(host).await {
            Ok(server) => server,
            Err(why) => return self.unreached(why, host),
        };
        match token_self::call(&server, secret, REVOKE, b"{}", BOUND).await {
            Ok(_) => {
                tracing::info!("ended the client token{}", self.by_name());
                End::Ended
            }
            Err(Why::Gone) => {
                tracing::info!("the client token{} was already revoked or has expired", self.by_name());
                End::Ended
            }
            Err(Why::Denied(said)) => {
                let mut hints = self.by_others(host);
                hints.push(
                    "Vault's default policy allows a token to revoke itself: check token_no_default_policy on the role"
                        .into(),
                );
                End::Refused(self.report("Vault refused to revoke the client token", said, hints))
            }
            Err(Why::Other(said)) => self.unreached(said, host),
        }
    }

    async fn server(&self, host: &Host) -> Result<Server, String> {
        let address = Url::parse(&self.address).map_err(|error| format!("{}: {error}", self.address))?;
        let (env, options) = (host.env.clone(), self.server_options.clone());
        let network = input::apart(BOUND, move |reader| settings::network(&env, reader, &options)).await;
        let network = network.unwrap_or_else(|unfinished| Err(unfinished.usage("in time")));
        let network = network.map_err(|usage| usage.to_string())?;
        let http = Client::new(network, Deadline::after(BOUND));
        http.shown().only(USUAL_WORDS);
        Ok(Server {
            http,
            address,
            namespace: self.namespace.clone(),
            clock: host.clock.clone(),
            index: None,
            multiplexed: false,
        })
    }

    fn unreached(&self, said: String, host: &Host) -> End {
        let mut hints: Vec<String> = self.by_itself(host).into_iter().collect();
        hints.push("`oidc-exchange clean` tries again".into());
        End::Unreached(self.report("the client token was not revoked", said, hints))
    }

    fn report(&self, title: &str, said: String, hints: Vec<String>) -> Report {
        let namespace = self.namespace.as_deref().map(|name| format!(", namespace {name}")).unwrap_or_default();
        let address = self.address.trim_end_matches('/');
        let which = if self.accessor.is_empty() { "the client token" } else { &format!("accessor {}", self.accessor) };
        let asked = format!("the end of {which} at {address}{namespace}");
        Report::new(title).fact("said", vec![said]).fact("asked for", vec![asked]).hints(hints)
    }

    fn by_name(&self) -> String {
        if self.accessor.is_empty() { String::new() } else { format!(" with the accessor {}", self.accessor) }
    }

    fn by_itself(&self, host: &Host) -> Option<String> {
        let left = self.ends?.saturating_sub(host.clock.unix());
        Some(if left > 0 {
            format!("it expires in {left} s, unless the job has renewed it")
        } else {
            "it has expired by now, unless the job has renewed it".into()
        })
    }

    fn by_others(&self, host: &Host) -> Vec<String> {
        let (client, accessor) = (ClientCommand::of(&host.env), posix::word(&self.accessor));
        let administrator = format!("an administrator can revoke it now: {client} token revoke -accessor {accessor}");
        let administrator = Some(administrator).filter(|_| !self.accessor.is_empty());
        administrator.into_iter().chain(self.by_itself(host)).collect()
    }
}
