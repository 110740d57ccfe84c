//! What can go wrong with every call, and all that follows from it.

use reqwest::Url;

use super::answer::{Answer, Kind};
use crate::http::{Failure, Row, THROTTLED};

/// What can go wrong with every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Common {
    /// Sealed, or not initialised.
    Sealed,
    /// A rate limit.
    Throttled,
    /// A standby that has not caught up.
    Lagging,
    /// A KV engine that is being turned into version 2.
    Upgrading,
    /// The server failed.
    ServerFault,
    /// An administrator has locked the namespace.
    Locked,
    /// There is no such namespace.
    Namespace,
    /// Plain http was spoken to a port of TLS.
    ClearTextToTls,
    /// Something in between answered.
    NotVault,
}

impl Common {
    /// None where the answer is about the call itself.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        /// Server errors that another attempt meets again.
        const PERMANENT: [&str; 3] = [
            "missing name in alias",
            "could not find version data",
            "requests with inline authentication cannot generate leases",
        ];
        if answer.clear_text_to_tls {
            return Some(Self::ClearTextToTls);
        }
        Some(match answer.status {
            429 => Self::Throttled,
            412 | 472 | 473 => Self::Lagging,
            503 if answer.says("locked by an administrator") => Self::Locked,
            503 | 501 => Self::Sealed,
            500..=599 if PERMANENT.iter().any(|text| answer.says(text)) => return None,
            408 | 425 | 500..=599 => Self::ServerFault,
            400 if answer.says("will resume service shortly") => Self::Upgrading,
            404 if answer.says("namespace not found") => Self::Namespace,
            _ if !answer.vaults => Self::NotVault,
            _ => return None,
        })
    }

    /// All that follows from the cause; `refused` is a refusal's title.
    pub(super) fn row<C>(self, refused: &'static str) -> Row<C> {
        match self {
            Self::Sealed => {
                Row::heals().say(&["the server is sealed, or still starting: an administrator must unseal it"])
            }
            Self::Throttled => Row::heals().say(&[THROTTLED]),
            Self::Lagging => {
                Row::heals().say(&["a standby had not caught up with the login; a longer --timeout waits for it"])
            }
            Self::Upgrading => {
                Row::heals().say(&["the engine is being turned into KV version 2; a longer --timeout waits for it"])
            }
            Self::ServerFault => Row::heals().say(&["read the server's own log: it shows what failed"]),
            Self::Locked => Row::refused(refused).say(&[
                "an administrator has locked this namespace, and can unlock it with the command `namespace unlock`",
            ]),
            Self::Namespace => Row::refused(refused)
                .say(&["check --namespace (VAULT_NAMESPACE): there is no such namespace, or none with this mount"]),
            Self::ClearTextToTls => Row::unreachable().say(&["this port speaks TLS: write the address with https://"]),
            Self::NotVault => Row::something_else(),
        }
    }

    /// Whether such a call is made again: one that may have made a lease only if it was surely not carried out.
    pub(super) fn is_retried(self, kind: Kind) -> bool {
        let unsure = kind == Kind::Write && self == Self::ServerFault;
        self.row::<()>("").is_retried() && !unsure
    }
}

/// The variable that names the server.
pub(super) const ADDRESS_SETTING: &str = "VAULT_ADDR";

/// What to do about a call without an answer: what the server's own variables can do about it comes last.
pub(super) fn transport_hints(failure: &Failure, address: &Url) -> Vec<String> {
    let own = if matches!(failure, Failure::Certificate { .. }) {
        Some(
            "VAULT_CACERT (or VAULT_CACERT_BYTES, VAULT_CAPATH) names the server's own CA, VAULT_TLS_SERVER_NAME the name in its certificate",
        )
    } else if failure.wants_certificate() {
        Some("the server asks for a client certificate: VAULT_CLIENT_CERT and VAULT_CLIENT_KEY name it")
    } else if !matches!(failure, Failure::Broken { .. }) {
        None
    } else if address.scheme() == "http" {
        // A port of TLS says so in clear and hangs up, and the reset may be all that arrives.
        Some("does this port speak TLS? then write the address with https://")
    } else {
        Some("if the server requires a client certificate, set VAULT_CLIENT_CERT and VAULT_CLIENT_KEY")
    };
    failure.hints().into_iter().chain(own.map(str::to_owned)).collect()
}
