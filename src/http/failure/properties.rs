//! What follows from a failure: a retry or none, the exit code, a hint.

use super::{Failure, NoTls};
use crate::error::Exit;
use crate::http::retry::{Retry, Retryable};

/// The properties of a kind of failure.
struct Row {
    retry: Retry,
    /// Whether the server may have received the request.
    sent: bool,
    exit: Exit,
    /// The hint; empty for none.
    hint: &'static str,
}

/// The hint if the server does not answer.
pub(in crate::http) const UNREACHED: &str =
    "check that this machine can reach that host: a firewall may block it, or HTTPS_PROXY must name a proxy";

impl Failure {
    /// The properties of this kind.
    fn row(&self) -> Row {
        let row = |retry, sent, exit, hint| Row { retry, sent, exit, hint };
        let again = Retry::Again { after: None };
        match self {
            Self::NotHttps { .. } => row(
                Retry::Never,
                false,
                Exit::Usage,
                "use an https address; plain http is for loopback, and for one host that --allow-http names",
            ),
            Self::Setup { .. } => row(Retry::Never, false, Exit::Usage, ""),
            Self::NoSuchHost { .. } => row(
                Retry::Never,
                false,
                Exit::Unreachable,
                "check the spelling of the name, and that /etc/hosts or a nameserver of /etc/resolv.conf has it",
            ),
            Self::Lookup { .. } => {
                row(again, false, Exit::Unreachable, "check that the nameservers in /etc/resolv.conf answer from here")
            }
            Self::ConnectionRefused { .. } => {
                row(Retry::Briefly, false, Exit::Unreachable, "check the address, and that a server is running there")
            }
            Self::Connect { .. } => row(again, false, Exit::Unreachable, UNREACHED),
            Self::Certificate { hint, .. } => row(Retry::Never, false, Exit::Unreachable, hint),
            Self::NoTls { why, .. } => row(Retry::Never, false, Exit::Unreachable, why.hint()),
            Self::NotHttp { .. } => row(
                Retry::Never,
                true,
                Exit::Unreachable,
                "check the address and its port; a proxy or another service may have answered",
            ),
            Self::Proxy(proxy) => row(proxy.retry(), proxy.is_sent(), Exit::Unreachable, ""),
            Self::NotTls { .. } => row(
                Retry::Never,
                false,
                Exit::Unreachable,
                "check the port; if it speaks plain http, write http:// in place of https://",
            ),
            Self::Timeout { .. } => row(again, true, Exit::Unreachable, UNREACHED),
            Self::Broken { sent, .. } => {
                row(again, *sent, Exit::Unreachable, "the server or something in between closed the connection")
            }
            Self::Redirect { .. } => row(
                Retry::Never,
                true,
                Exit::Unreachable,
                "the token is not sent on to another address; point the endpoint at the final one",
            ),
            Self::TooLarge { .. } => row(Retry::Never, true, Exit::Unreachable, ""),
            Self::TooMuch => {
                row(Retry::Never, true, Exit::Unreachable, "ask for less in one run, or for smaller values")
            }
        }
    }

    /// The hint.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        if let Self::Proxy(proxy) = self {
            return vec![proxy.hint()];
        }
        Some(self.row().hint.to_owned()).filter(|hint| !hint.is_empty()).into_iter().collect()
    }

    pub(in crate::http) fn exit(&self) -> Exit {
        self.row().exit
    }

    /// Whether the server certainly did not receive the request.
    pub(in crate::http) fn is_unsent(&self) -> bool {
        !self.row().sent
    }

    /// Whether the server refused the client certificate, or the lack of one.
    #[must_use]
    pub fn wants_certificate(&self) -> bool {
        matches!(self, Self::NoTls { why: NoTls::Client, .. })
    }
}

impl Retryable for Failure {
    fn retry(&self) -> Retry {
        self.row().retry
    }
}
