//! A client token that is left alive for the job, and its end by `clean`.
//!
//! Ending a token by its accessor takes another token whose policies allow that, and they would then allow it for
//! everybody's: no job has such a policy. What the default policy does allow a token is to end itself. The variable
//! `VAULT_TOKEN` is no place to look for it: `clean` may run in another shell, the variable may hold a person's own
//! token, and what was made with a lease came without it. So the token is kept, for `clean` alone, in a private file
//! that the manifest names, and ends itself; the manifest has its accessor and the server.
//!
//! That gives nobody more than they have: the same user's shell holds the job's token, which logs in again for as long
//! as it lives. Where the shell does not hand that on, to a COMMAND, nothing is written before COMMAND has ended. Nor is
//! it where `clean` would not find it, and a token that `clean` has ended, or never can, leaves no file behind.

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

/// Bound on the end of each token; they are ended side by side.
const BOUND: Duration = Duration::from_secs(5);

/// What the manifest says of a client token, which is never in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftoverToken {
    accessor: String,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default)]
    server_options: ServerOptions,
    /// When it ends unless it is renewed, in seconds since 1970; none where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<i64>,
}

/// What became of a token.
#[derive(Debug)]
pub enum End {
    /// It has ended, now or before.
    Ended,
    /// It is alive, and will not be ended from here.
    Refused(Report),
    /// It may be alive; another attempt can end it.
    Unreached(Report),
}

impl End {
    /// The exit code that it asks for.
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

    /// Lets the token end itself, and with it what it leased. `secret` is none where its file is gone.
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
                    "Vault's default policy lets a token end itself: check token_no_default_policy on the role".into(),
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
        Ok(Server {
            http: Client::new(network, Deadline::after(BOUND)),
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
