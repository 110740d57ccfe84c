//! Causes that can occur in every call, with the title, hints and retries of each.

use reqwest::Url;

use super::answer::{Answer, Kind};
use crate::http::{Again, Failure, Row};

/// A cause that can occur in every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Common {
    /// The server is sealed, or not initialised.
    Sealed,
    /// A rate limit.
    Throttled,
    /// A standby server that is not up to date.
    Lagging,
    /// A KV engine that is being upgraded to version 2.
    Upgrading,
    /// The server failed.
    ServerFault,
    /// An administrator has locked the namespace.
    Locked,
    /// The namespace does not exist.
    Namespace,
    /// Plain HTTP was sent to a TLS port.
    ClearTextToTls,
    /// Another server answered, for example a proxy.
    NotVault,
}

impl Common {
    /// `None` if the answer concerns the call itself.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        /// Server errors that a retry would repeat.
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

    /// The title, hints and retries of the cause. `refused` is the title of a refusal.
    pub(super) fn row<C>(self, refused: &'static str) -> Row<C> {
        match self {
            Self::Sealed => {
                Row::heals().say(&["the server is sealed, or still starting: an administrator must unseal it"])
            }
            Self::Throttled => Row::throttled(),
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

    /// Whether such a call is retried. A call that may have created a lease is retried only if it was certainly not
    /// executed.
    pub(super) fn again(self, kind: Kind) -> Again {
        let unsure = kind == Kind::Write && self == Self::ServerFault;
        self.row::<()>("").again().only_if(!unsure)
    }
}

/// The variable with the server's address.
pub(super) const ADDRESS_SETTING: &str = "VAULT_ADDR";

/// Hints for a call without an answer. Those about the server's own variables come last.
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
        // A TLS port answers plain HTTP with an error and closes the connection. Sometimes only the connection reset
        // arrives.
        Some("does this port speak TLS? then write the address with https://")
    } else {
        Some("if the server requires a client certificate, set VAULT_CLIENT_CERT and VAULT_CLIENT_KEY")
    };
    failure.hints().into_iter().chain(own.map(str::to_owned)).collect()
}
