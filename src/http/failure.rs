//! Why no whole answer came: what to say of it, and whether another attempt can help.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use super::dns::LookupError;
use super::retry::{Retry, Retryable};
use crate::error::{Error, Exit, Report};

/// One attempt that brought no whole answer.
#[derive(Debug, Clone)]
pub enum Failure {
    /// Plain http to a host that nobody allowed, or another scheme.
    NotHttps {
        /// The address's origin.
        url: String,
    },
    /// The client itself could not be set up: unreadable certificates, a bad proxy address.
    Setup {
        /// What is wrong with which input.
        why: String,
    },
    /// The name has no address.
    NoSuchHost {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// The nameservers did not say.
    Lookup {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// Nobody listens there.
    ConnectionRefused {
        /// Host and port.
        host: String,
    },
    /// No connection for another reason.
    Connect {
        /// Host and port.
        host: String,
        /// What the system said.
        why: String,
    },
    /// The server's certificate is not one to trust.
    Certificate {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// No whole answer within the bound.
    Timeout {
        /// Host and port.
        host: String,
        /// The bound.
        after: Duration,
    },
    /// The connection broke before the answer was whole.
    Broken {
        /// Host and port.
        host: String,
        /// What the system said.
        why: String,
    },
    /// A redirect, which is never followed: the request carries a secret.
    Redirect {
        /// Host and port.
        host: String,
        /// The status code.
        status: u16,
        /// The origin it points to.
        location: Option<String>,
    },
    /// More than [`super::BODY_LIMIT`] bytes.
    TooLarge {
        /// Host and port.
        host: String,
    },
}

impl Failure {
    pub(super) fn from_reqwest(error: &reqwest::Error, host: &str) -> Self {
        let host = host.to_owned();
        for cause in causes(error) {
            if let Some(lookup) = cause.downcast_ref::<LookupError>() {
                let (host, why) = (lookup.host.clone(), lookup.why.clone());
                return if lookup.definite { Self::NoSuchHost { host, why } } else { Self::Lookup { host, why } };
            }
            if let Some(tls) = tls_error(cause) {
                #[allow(
                    clippy::wildcard_enum_match_arm,
                    reason = "every other kind is a handshake or a connection that failed"
                )]
                return match tls {
                    rustls::Error::InvalidCertificate(why) => Self::Certificate { host, why: certificate_fault(why) },
                    rustls::Error::NoCertificatesPresented
                    | rustls::Error::InvalidCertRevocationList(_)
                    | rustls::Error::UnsupportedNameType => Self::Certificate { host, why: tls.to_string() },
                    _ if error.is_connect() => Self::Connect { host, why: format!("TLS: {tls}") },
                    _ => Self::Broken { host, why: format!("TLS: {tls}") },
                };
            }
            if cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
                return Self::ConnectionRefused { host };
            }
        }
        if error.is_timeout() {
            return Self::Timeout { host, after: super::CONNECT_TIMEOUT };
        }
        let why = root_cause(error);
        if error.is_connect() { Self::Connect { host, why } } else { Self::Broken { host, why } }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotHttps { .. } => {
                "use an https address; plain http is for loopback, and for one host that --allow-http names"
            }
            Self::Setup { .. } | Self::TooLarge { .. } => return Vec::new(),
            Self::NoSuchHost { .. } => {
                "is the name spelt right, and does this machine's resolver know it (/etc/hosts, /etc/resolv.conf)?"
            }
            Self::Lookup { .. } => "do the nameservers in /etc/resolv.conf answer from here?",
            Self::ConnectionRefused { .. } => "is the address right, and is a server running there?",
            Self::Connect { .. } | Self::Timeout { .. } => {
                "can this machine reach that host: a firewall, or a proxy that HTTPS_PROXY should name?"
            }
            Self::Certificate { why, .. } if why.starts_with(OUT_OF_TIME) => {
                "is this machine's clock right? if it is, the server needs another certificate"
            }
            Self::Certificate { .. } => {
                "for a private CA, name its certificate with --ca-file; behind a proxy that opens TLS, the proxy's CA"
            }
            Self::Broken { .. } => "the server or something in between closed the connection",
            Self::Redirect { .. } => "the token is not sent on to another address; point the endpoint at the final one",
        };
        vec![hint.to_owned()]
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotHttps { .. } | Self::Setup { .. } => Exit::Usage,
            Self::NoSuchHost { .. }
            | Self::Lookup { .. }
            | Self::ConnectionRefused { .. }
            | Self::Connect { .. }
            | Self::Certificate { .. }
            | Self::Timeout { .. }
            | Self::Broken { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. } => Exit::Unreachable,
        }
    }
}

impl Retryable for Failure {
    fn retry(&self) -> Retry {
        match self {
            Self::Lookup { .. } | Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } => {
                Retry::Again { after: None }
            }
            Self::ConnectionRefused { .. } => Retry::Briefly,
            Self::NotHttps { .. }
            | Self::Setup { .. }
            | Self::NoSuchHost { .. }
            | Self::Certificate { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. } => Retry::Never,
        }
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
            Self::Certificate { host, why } => write!(f, "the certificate of {host} is not trusted: {why}"),
            Self::Timeout { host, after } => write!(f, "no answer from {host} within {} s", after.as_secs()),
            Self::Broken { host, why } => write!(f, "the connection to {host} broke: {why}"),
            Self::Redirect { host, status, location: Some(to) } => {
                write!(f, "{host} answered {status}, a redirect to {to}")
            }
            Self::Redirect { host, status, location: None } => write!(f, "{host} answered {status}, a redirect"),
            Self::TooLarge { host } => write!(f, "{host} answered with more than {} MiB", super::BODY_LIMIT >> 20),
        }
    }
}

impl StdError for Failure {}

/// A provider that did not answer usefully, after all attempts.
#[derive(Debug)]
pub struct Unreachable {
    /// Who: `AWS STS`.
    pub provider: &'static str,
    /// What the last attempt met, with the provider's code and message where there are some.
    pub said: String,
    /// What was asked for, a line each.
    pub asked: Vec<String>,
    /// How many attempts were made, and over how long.
    pub attempts: super::retry::Attempts,
    /// What to do about it.
    pub hints: Vec<String>,
    /// [`Exit::Usage`] where nothing could be sent at all.
    pub exit: Exit,
}

impl Unreachable {
    /// From the transport's last failure.
    #[must_use]
    pub fn from_failure(
        provider: &'static str,
        failure: &Failure,
        asked: Vec<String>,
        attempts: super::retry::Attempts,
    ) -> Self {
        Self { provider, said: failure.to_string(), asked, attempts, hints: failure.hints(), exit: failure.exit() }
    }
}

impl From<Unreachable> for Error {
    fn from(unreachable: Unreachable) -> Self {
        let Unreachable { provider, said, asked, attempts, hints, exit } = unreachable;
        let title = if exit == Exit::Usage {
            format!("cannot ask {provider}")
        } else {
            format!("{provider} could not be reached or kept failing")
        };
        let report = Report::new(title)
            .fact("said", vec![said])
            .fact("asked for", asked)
            .fact("tried", attempts.describe().into_iter().collect())
            .hints(hints);
        Self::new(exit, report)
    }
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        // `io::Error::source` skips the error it wraps.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}

/// How the fault of a certificate begins that is told by the clock.
const OUT_OF_TIME: &str = "its time is";

fn certificate_fault(why: &rustls::CertificateError) -> String {
    let date = |time: rustls::pki_types::UnixTime| crate::text::time(time.as_secs().try_into().unwrap_or(i64::MAX));
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others are told without a time")]
    match why {
        rustls::CertificateError::ExpiredContext { not_after, .. } => {
            format!("{OUT_OF_TIME} over since {}", date(*not_after))
        }
        rustls::CertificateError::NotValidYetContext { not_before, .. } => {
            format!("{OUT_OF_TIME} yet to come, at {}", date(*not_before))
        }
        other => other.to_string(),
    }
}

fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    cause.downcast_ref::<rustls::Error>()
}

/// The innermost cause: the outer ones name the request's address, which is ours to word.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}
