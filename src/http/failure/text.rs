//! The message of a failure.

use std::fmt;
use std::time::Duration;

use super::Failure;
use crate::http::{BODY_LIMIT, RUN_LIMIT};

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
                write!(f, "the answers of this run take more than {} MiB of memory together", RUN_LIMIT >> 20)
            }
            Self::TooLarge { host } => write!(f, "{host} answered with more than {} MiB", BODY_LIMIT >> 20),
        }
    }
}

/// A time limit: `15 s`, or `0.4 s`.
pub(super) fn seconds(limit: Duration) -> String {
    if limit < Duration::from_secs(1) {
        format!("{:.1} s", limit.as_secs_f32())
    } else {
        format!("{} s", limit.as_secs_f32().round())
    }
}
