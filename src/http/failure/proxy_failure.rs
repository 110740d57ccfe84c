//! Why a proxy did not open a connection.

use std::fmt;
use std::io;
use std::time::Duration;

use super::Failure;
use crate::http::peer::{PeerText, RawText, Shown};
use crate::http::retry::{Retry, Retryable};

/// A proxy that did not open a connection to a host. `W` is text that may be from the proxy.
#[derive(Clone, Debug)]
pub struct ProxyFailure<W = PeerText> {
    /// The proxy's host and port.
    pub proxy: String,
    /// The variable that sets it.
    pub variable: String,
    /// The host, and its port.
    pub host: String,
    /// The proxy's fault.
    pub fault: Fault<W>,
}

/// What happened in place of a connection.
#[derive(Clone, Debug)]
pub enum Fault<W = PeerText> {
    /// The proxy could not be reached.
    Unreached(Box<Failure<W>>),
    /// This machine could not look up the host, whose address it must send to a `socks5://` proxy.
    Unresolved(Box<Failure<W>>),
    /// It answered CONNECT with this status.
    Status(u16),
    /// It requires a user (status 407), but does not offer Basic, the only scheme that is used here.
    NoBasic,
    /// Its answer to CONNECT is not HTTP.
    NotHttp,
    /// The connection to it was closed.
    Broken(W),
    /// It requires a user and a password.
    NoUser,
    /// It rejects the user and the password.
    WrongUser,
    /// It could not reach the host, for this reason (RFC 1928, section 6).
    Socks(u8),
    /// Its answer is not SOCKS 5.
    NotSocks,
    /// A name, a user or a password is too long for SOCKS 5.
    TooLong,
    /// Neither the proxy nor the target host answered before this timeout.
    Silent(Duration),
}

impl ProxyFailure<RawText> {
    /// The same, in a form that can be shown.
    pub(super) fn clean(self, shown: &Shown) -> ProxyFailure {
        let Self { proxy, variable, host, fault } = self;
        let fault = match fault {
            Fault::Unreached(failure) => Fault::Unreached(Box::new(failure.clean(shown))),
            Fault::Unresolved(failure) => Fault::Unresolved(Box::new(failure.clean(shown))),
            Fault::Broken(why) => Fault::Broken(shown.clean(&why)),
            Fault::Status(status) => Fault::Status(status),
            Fault::NoBasic => Fault::NoBasic,
            Fault::NotHttp => Fault::NotHttp,
            Fault::NoUser => Fault::NoUser,
            Fault::WrongUser => Fault::WrongUser,
            Fault::Socks(reply) => Fault::Socks(reply),
            Fault::NotSocks => Fault::NotSocks,
            Fault::TooLong => Fault::TooLong,
            Fault::Silent(after) => Fault::Silent(after),
        };
        ProxyFailure { proxy, variable, host, fault }
    }
}

impl ProxyFailure {
    /// Whether a retry can succeed. Repeating a wrong password may lock an account.
    pub(in crate::http) fn retry(&self) -> Retry {
        match &self.fault {
            Fault::Unreached(failure) | Fault::Unresolved(failure) => failure.retry(),
            // SOCKS: general failure, network or host unreachable, refused, too many hops.
            Fault::Status(408 | 429 | 500 | 502 | 503 | 504)
            | Fault::Socks(1 | 3..=6)
            | Fault::Broken(_)
            | Fault::Silent(_) => Retry::Again { after: None },
            Fault::Status(_)
            | Fault::NoBasic
            | Fault::NotHttp
            | Fault::NoUser
            | Fault::WrongUser
            | Fault::Socks(_)
            | Fault::NotSocks
            | Fault::TooLong => Retry::Never,
        }
    }

    /// Whether the target host may have received the request.
    pub(in crate::http) fn is_sent(&self) -> bool {
        matches!(self.fault, Fault::Silent(_))
    }

    /// The hint.
    pub(in crate::http) fn hint(&self) -> String {
        let Self { variable, host, fault, .. } = self;
        // A proxy from a provider's own variable is used for every host.
        let direct = match variable.to_ascii_lowercase().as_str() {
            "https_proxy" | "all_proxy" => format!("list {host} in NO_PROXY"),
            _ => format!("unset {variable}"),
        };
        let direct = format!("or {direct} if this machine needs no proxy for it");
        match fault {
            Fault::NoUser | Fault::Status(407) => {
                format!(
                    "write the proxy's user and password, percent-encoded, before its host in {variable}: USER:PASSWORD@HOST:PORT"
                )
            }
            Fault::NoBasic => {
                "run a proxy on this machine that signs in to that one, or have Basic authentication allowed there"
                    .into()
            }
            Fault::Unresolved(_) => {
                let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
                format!("write socks5h:// in {variable}: then the proxy looks up {name}, not this machine")
            }
            Fault::WrongUser => {
                format!("check the user and the password in {variable}; both are percent-encoded there")
            }
            Fault::Unreached(failure) if matches!(**failure, Failure::NotTls { .. }) => {
                format!(
                    "write http:// in {variable}: the connection to the proxy is plain HTTP, and carries TLS to {host}"
                )
            }
            Fault::NotHttp | Fault::NotSocks => {
                format!("check the proxy's address and its kind in {variable}: http, https or socks5")
            }
            Fault::Unreached(failure) if matches!(**failure, Failure::Certificate { .. }) => {
                "name the certificate of the proxy's authority with --ca-file".into()
            }
            Fault::Unreached(_) | Fault::Broken(_) => format!("check the proxy's address in {variable}, {direct}"),
            Fault::Status(403) | Fault::Socks(2) => {
                format!("have that host allowed by the proxy that {variable} names, {direct}")
            }
            Fault::Status(_) | Fault::Socks(_) | Fault::TooLong | Fault::Silent(_) => {
                format!("check whether the proxy that {variable} names reaches that host, {direct}")
            }
        }
    }
}

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proxy, host, fault, .. } = self;
        match fault {
            Fault::Unreached(failure) | Fault::Unresolved(failure) => failure.fmt(f),
            Fault::NoBasic => write!(f, "the proxy {proxy} answered 407, and does not offer Basic authentication"),
            Fault::Status(status) => write!(f, "the proxy {proxy} answered {status} to CONNECT {host}"),
            Fault::NotHttp => write!(f, "the proxy {proxy} did not answer CONNECT {host} as HTTP"),
            Fault::Broken(why) => write!(f, "the proxy {proxy} closed the connection to {host}: {why}"),
            Fault::NoUser => write!(f, "the proxy {proxy} requires a user and a password"),
            Fault::WrongUser => write!(f, "the proxy {proxy} refused the user and the password"),
            Fault::Socks(reply) => {
                write!(f, "the proxy {proxy} did not connect to {host}: {} (SOCKS reply {reply})", reason(*reply))
            }
            Fault::NotSocks => write!(f, "the proxy {proxy} did not answer as SOCKS 5"),
            Fault::Silent(after) => {
                write!(f, "no answer from {host} through the proxy {proxy} within {}", super::text::seconds(*after))
            }
            Fault::TooLong => write!(f, "the proxy {proxy} cannot be told a text of more than 255 bytes"),
        }
    }
}

impl From<io::Error> for Fault<RawText> {
    fn from(error: io::Error) -> Self {
        Self::Broken(RawText::new(&super::causes::io_cause(&error)))
    }
}

fn reason(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "connection not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "too many hops",
        7 => "command not supported",
        8 => "kind of address not supported",
        _ => "unassigned",
    }
}
