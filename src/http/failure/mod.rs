//! Why no complete answer was received: the message, and whether a retry can help.

mod not_http;
mod proxy_failure;
mod tls;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use super::certificate_fault;
use super::peer::{PeerText, RawText, Shown};
use super::retry::{Retry, Retryable};
use crate::error::Exit;
pub use proxy_failure::{Fault as ProxyFault, ProxyFailure};
pub use tls::NoTls;

/// An attempt without a complete answer. `W` is text that may be from a peer: raw until secrets are removed.
#[derive(Debug, Clone)]
pub enum Failure<W = PeerText> {
    /// The address uses plain HTTP, which is not allowed for this host, or another scheme.
    NotHttps {
        /// The address's origin.
        url: String,
    },
    /// The client could not be set up: unreadable certificates, an invalid proxy address.
    Setup {
        /// What is wrong, and with which input.
        why: String,
    },
    /// The name has no address.
    NoSuchHost {
        /// The name.
        host: String,
        /// The resolver's reason.
        why: W,
    },
    /// The nameservers did not answer.
    Lookup {
        /// The name.
        host: String,
        /// The resolver's reason.
        why: W,
    },
    /// The port is closed.
    ConnectionRefused {
        /// Host and port.
        host: String,
    },
    /// The connection failed for another reason.
    Connect {
        /// Host and port.
        host: String,
        /// The operating system's reason.
        why: W,
    },
    /// The server's certificate is not trusted.
    Certificate {
        /// Host and port.
        host: String,
        /// The fault of the certificate.
        why: W,
        /// What to do about it.
        hint: &'static str,
    },
    /// The server and this program cannot agree on TLS.
    NoTls {
        /// Host and port.
        host: String,
        /// The reason.
        why: NoTls,
    },
    /// The proxy did not open a connection to the host.
    Proxy(Box<ProxyFailure<W>>),
    /// The server does not speak TLS.
    NotTls {
        /// Host and port.
        host: String,
    },
    /// The answer was not complete before the timeout.
    Timeout {
        /// Host and port.
        host: String,
        /// The timeout.
        after: Duration,
    },
    /// The connection was closed before the answer was complete.
    Broken {
        /// Host and port.
        host: String,
        /// The operating system's reason.
        why: W,
        /// Whether the server may have executed the request.
        sent: bool,
    },
    /// The answer violates HTTP.
    NotHttp {
        /// Host and port.
        host: String,
        /// How, after the word "answer".
        why: &'static str,
    },
    /// A redirect. It is never followed, because the request contains a secret.
    Redirect {
        /// Host and port.
        host: String,
        /// The status code.
        status: u16,
        /// The origin of the new address.
        location: Option<W>,
    },
    /// The answer is larger than [`super::BODY_LIMIT`] bytes.
    TooLarge {
        /// Host and port.
        host: String,
    },
    /// All answers of the run together need more than [`super::RUN_LIMIT`] bytes of memory.
    TooMuch,
}

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
pub(super) const UNREACHED: &str =
    "check that this machine can reach that host: a firewall may block it, or HTTPS_PROXY must name a proxy";

impl Failure {
    /// The failure of a request without an answer. A connection that could not be opened is a failure already.
    /// Anything else is a connection that was closed.
    pub(super) fn of_request(error: &(dyn StdError + 'static), host: &str, shown: &Shown) -> Self {
        let connecting = causes(error).find_map(|cause| cause.downcast_ref::<Self>());
        let mut failure = connecting.cloned().unwrap_or_else(|| Self::of_body(error, host, shown));
        if let Self::Broken { sent, .. } = &mut failure {
            *sent = !is_refused_stream(error);
        }
        failure
    }

    /// The failure of an incomplete answer.
    pub(super) fn of_body(error: &(dyn StdError + 'static), host: &str, shown: &Shown) -> Self {
        let broken = |why| Failure::Broken { host: host.to_owned(), why, sent: true };
        let failure = match causes(error).find_map(|cause| cause.downcast_ref()) {
            Some(tls) => Failure::of_tls(tls, host).unwrap_or_else(broken),
            None => match not_http::fault(error) {
                Some(why) => Failure::NotHttp { host: host.to_owned(), why },
                None => broken(RawText::new(&root_cause(error))),
            },
        };
        failure.clean(shown)
    }
}

impl Failure<RawText> {
    /// The failure of a TLS handshake.
    pub(super) fn of_handshake(error: &io::Error, host: &str) -> Self {
        let connect = |why| Self::Connect { host: host.to_owned(), why };
        match causes(error).find_map(|cause| cause.downcast_ref()) {
            Some(rustls::Error::InvalidMessage(message)) => match NoTls::of_message(message) {
                Some(why) => Self::NoTls { host: host.to_owned(), why },
                None => Self::NotTls { host: host.to_owned() },
            },
            Some(tls) => Self::of_tls(tls, host).unwrap_or_else(connect),
            None => connect(RawText::new(&root_cause(error))),
        }
    }

    /// The failure of TLS that a retry would meet again; or else the reason in words.
    fn of_tls(error: &rustls::Error, host: &str) -> Result<Self, RawText> {
        let certificate =
            |why: String, hint| Ok(Self::Certificate { host: host.to_owned(), why: RawText::new(&why), hint });
        #[allow(clippy::wildcard_enum_match_arm, reason = "every other kind is a connection that failed")]
        match error {
            rustls::Error::InvalidCertificate(why) => {
                certificate(certificate_fault::in_words(why), certificate_fault::hint(why))
            }
            rustls::Error::NoCertificatesPresented
            | rustls::Error::InvalidCertRevocationList(_)
            | rustls::Error::UnsupportedNameType => certificate(error.to_string(), certificate_fault::AUTHORITY),
            _ => match NoTls::of(error) {
                Some(why) => Ok(Self::NoTls { host: host.to_owned(), why }),
                None => Err(RawText::new(&tls::in_words(error))),
            },
        }
    }

    /// The same, in a form that can be shown.
    pub(super) fn clean(self, shown: &Shown) -> Failure {
        let clean = |why: RawText| shown.clean(&why);
        match self {
            Self::NotHttps { url } => Failure::NotHttps { url },
            Self::Setup { why } => Failure::Setup { why },
            Self::NoSuchHost { host, why } => Failure::NoSuchHost { host, why: clean(why) },
            Self::Lookup { host, why } => Failure::Lookup { host, why: clean(why) },
            Self::ConnectionRefused { host } => Failure::ConnectionRefused { host },
            Self::Connect { host, why } => Failure::Connect { host, why: clean(why) },
            Self::Certificate { host, why, hint } => Failure::Certificate { host, why: clean(why), hint },
            Self::NoTls { host, why } => Failure::NoTls { host, why },
            Self::NotHttp { host, why } => Failure::NotHttp { host, why },
            Self::Proxy(proxy) => Failure::Proxy(Box::new(proxy.clean(shown))),
            Self::NotTls { host } => Failure::NotTls { host },
            Self::Timeout { host, after } => Failure::Timeout { host, after },
            Self::Broken { host, why, sent } => Failure::Broken { host, why: clean(why), sent },
            Self::Redirect { host, status, location } => {
                Failure::Redirect { host, status, location: location.map(clean) }
            }
            Self::TooLarge { host } => Failure::TooLarge { host },
            Self::TooMuch => Failure::TooMuch,
        }
    }
}

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

    pub(super) fn exit(&self) -> Exit {
        self.row().exit
    }

    /// Whether the server certainly did not receive the request.
    pub(super) fn is_unsent(&self) -> bool {
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttps { url } => write!(f, "{url} is not https"),
            Self::Setup { why } => f.write_str(why),
            Self::NoSuchHost { host, why } => write!(f, "no such host: {host} ({why})"),
            Self::Lookup { host, why } => write!(f, "cannot look up {host}: {why}"),
            Self::ConnectionRefused { host } => write!(f, "{host} refused the connection"),
            Self::Connect { host, why } => write!(f, "cannot connect to {host}: {why}"),
            Self::Certificate { host, why, .. } => write!(f, "the certificate of {host} is not trusted: {why}"),
            Self::NoTls { host, why } => write!(f, "{host} {}", why.why()),
            Self::NotHttp { host, why } => write!(f, "the answer of {host} {why}"),
            Self::Proxy(proxy) => proxy.fmt(f),
            Self::NotTls { host } => write!(f, "{host} does not speak TLS"),
            Self::Timeout { host, after } => write!(f, "no answer from {host} within {}", seconds(*after)),
            Self::Broken { host, why, .. } => write!(f, "the connection to {host} broke: {why}"),
            Self::Redirect { host, status, location: Some(to) } => {
                write!(f, "{host} answered {status}, a redirect to {to}")
            }
            Self::Redirect { host, status, location: None } => write!(f, "{host} answered {status}, a redirect"),
            Self::TooMuch => {
                write!(f, "the answers of this run take more than {} MiB of memory together", super::RUN_LIMIT >> 20)
            }
            Self::TooLarge { host } => write!(f, "{host} answered with more than {} MiB", super::BODY_LIMIT >> 20),
        }
    }
}

impl StdError for Failure {}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        // `io::Error::source` skips the wrapped error.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}

/// A time limit: `15 s`, or `0.4 s`.
fn seconds(limit: Duration) -> String {
    if limit < Duration::from_secs(1) {
        format!("{:.1} s", limit.as_secs_f32())
    } else {
        format!("{} s", limit.as_secs_f32().round())
    }
}

/// Whether an HTTP/2 server certainly did not start with the request: it refused the stream, or closed the connection
/// first (RFC 9113, section 8.7). After GOAWAY, h2 fails the streams above the last one.
fn is_refused_stream(error: &(dyn StdError + 'static)) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(|error| {
        error.is_remote()
            && (error.is_go_away() || (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)))
    })
}

/// An error of a connection. Libraries have several texts for its end, for their own users.
fn io_cause(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        "it was closed in the middle of an answer".into()
    } else {
        error.to_string()
    }
}

/// The innermost cause. The outer ones contain the request's address, which our own messages name.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let Some(cause) = causes(error).last() else { return String::new() };
    match cause.downcast_ref::<h2::Error>().and_then(h2::Error::reason) {
        // The library's message repeats the peer's text in the form of Rust code.
        Some(reason) => format!("HTTP/2: {reason}"),
        None => cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), io_cause),
    }
}
