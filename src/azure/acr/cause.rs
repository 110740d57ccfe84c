//! The causes of a failed call to a registry, with the title, hints and retries of each.
//!
//! <https://learn.microsoft.com/en-us/azure/container-registry/container-registry-troubleshoot-login>

use super::PROVIDER;
use super::answer::Answer;
use crate::azure::{ClientId, RegistryHost};
use crate::http::{Explain, Row, Told};

/// Why a registry returned no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The client has no role in the registry, or is of another tenant.
    Unauthorized,
    /// The registry's firewall denies this machine.
    Firewall,
    /// The client lacks the permission.
    Denied,
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerFault,
    /// The answer is not a registry's error: another server answered, for example a proxy.
    NotRegistry,
    /// Another refusal.
    Other,
}

impl Cause {
    pub(super) fn of(answer: &Answer) -> Self {
        match (answer.status, answer.code.unclean()) {
            (429, _) | (_, "TOOMANYREQUESTS") => Self::Throttled,
            (408 | 412 | 425 | 500..=599, _) => Self::ServerFault,
            // A registry may send 401 without a body. A page with 401 is from another server.
            (status, "") if status != 401 || !answer.is_empty => Self::NotRegistry,
            (401, _) | (_, "UNAUTHORIZED") => Self::Unauthorized,
            (403, _) if answer.says("not allowed access") || answer.says("firewall") => Self::Firewall,
            (403, _) | (_, "DENIED") => Self::Denied,
            _ => Self::Other,
        }
    }

    /// The title, hints and retries of the cause.
    pub(super) fn row<'a>(self) -> Row<Context<'a>> {
        const TITLE: &str = "Azure Container Registry refused to give a password";
        match self {
            Self::Unauthorized | Self::Denied => Row::refused(TITLE).say(&[
                "give the client the role AcrPull or AcrPush on this registry; a new role needs some minutes",
                "check that --tenant-id is the tenant of the registry",
            ]),
            Self::Firewall => Row::refused(TITLE).say(&[
                "the registry's firewall blocks this machine: allow its address, or run the job in the registry's network",
            ]),
            Self::Throttled => Row::throttled(),
            Self::ServerFault => Row::heals()
                .say(&["the service itself failed; its state is on https://azure.status.microsoft"]),
            Self::NotRegistry => Row::something_else(),
            Self::Other => Row::refused(TITLE),
        }
    }
}

/// The inputs for explaining an error.
pub(super) struct Context<'a> {
    pub(super) host: &'a RegistryHost,
    /// The client of the access token that was sent, if any.
    pub(super) presented: Option<&'a ClientId>,
}

impl Explain<Answer> for Context<'_> {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn address_setting(&self) -> &'static str {
        "--registry"
    }

    fn asked(&self) -> Vec<String> {
        vec![format!("the password of {}", self.host.as_str())]
    }

    fn tell(&self, answer: &Answer) -> Told {
        let presented = self.presented.iter().map(|client| format!("an access token of {}", client.as_str())).collect();
        Told { presented, ..Cause::of(answer).row().tell(self) }
    }
}
