//! Why no complete answer was received: the message, and whether a retry can help.

mod causes;
mod not_http;
mod properties;
mod proxy_failure;
mod text;
mod tls;

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use super::certificate_fault;
use super::peer::{PeerText, RawText, Shown};
pub(super) use causes::root_cause;
use causes::{causes, is_refused_stream};
pub(super) use properties::UNREACHED;
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

impl StdError for Failure {}
