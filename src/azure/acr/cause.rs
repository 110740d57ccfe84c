//! Why a registry gave no password, and all that follows from it.
//!
//! <https://learn.microsoft.com/en-us/azure/container-registry/container-registry-troubleshoot-login>

use super::PROVIDER;
use super::answer::Answer;
use crate::azure::{ClientId, RegistryHost};
use crate::http::{Explain, Row, THROTTLED, Told};

/// Why a registry gave no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The client has no role there, or is another tenant's.
    Unauthorized,
    /// The registry's firewall does not let this machine in.
    Firewall,
    /// The client may not do that.
    Denied,
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerFault,
    /// No error of a registry's: something in between answered.
    NotRegistry,
    /// Another refusal.
    Other,
}

impl Cause {
    pub(super) fn of(answer: &Answer) -> Self {
        match (answer.status, answer.code.unclean()) {
            (429, _) | (_, "TOOMANYREQUESTS") => Self::Throttled,
            (408 | 412 | 425 | 500..=599, _) => Self::ServerFault,
            (401, _) | (_, "UNAUTHORIZED") => Self::Unauthorized,
            (_, "") => Self::NotRegistry,
            (403, _) if answer.says("not allowed access") || answer.says("firewall") => Self::Firewall,
            (403, _) | (_, "DENIED") => Self::Denied,
            _ => Self::Other,
        }
    }

    /// All that follows from the cause.
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
            Self::Throttled => Row::heals().say(&[THROTTLED]),
            Self::ServerFault => Row::heals()
                .say(&["the service itself failed; its state is on https://azure.status.microsoft"]),
            Self::NotRegistry => Row::something_else(),
            Self::Other => Row::refused(TITLE),
        }
    }
}

/// What an error is explained with.
pub(super) struct Context<'a> {
    pub(super) host: &'a RegistryHost,
    /// Whose access token was presented, if one was.
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
