//! Settings of the HTTP client for one provider.

use std::time::Duration;

use super::Identity;

/// The default changes nothing.
#[derive(Debug, Default)]
pub struct Overrides {
    /// The timeout of one attempt.
    pub attempt: Option<Duration>,
    /// The client certificate.
    pub identity: Option<Identity>,
    /// Whether to offer HTTP/2 over TLS, for parallel requests to one server.
    pub http2: bool,
    /// The name that the server's certificate must have.
    pub server_name: Option<ServerName>,
}

/// A name that replaces the address's host name in TLS, for SNI and for the certificate.
#[derive(Debug)]
pub struct ServerName(String);

impl ServerName {
    /// `name` if it is valid. An IP address is not a server name (RFC 6066, section 3).
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        rustls::pki_types::DnsName::try_from(name).ok()?;
        name.parse::<std::net::IpAddr>().is_err().then(|| Self(name.to_ascii_lowercase()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
