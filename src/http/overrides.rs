//! What one provider's own settings change about the one client.

use std::time::Duration;

use super::Identity;

/// Nothing is changed by default.
#[derive(Debug, Default)]
pub struct Overrides {
    /// Bound on one attempt.
    pub attempt: Option<Duration>,
    /// The certificate that this side shows.
    pub identity: Option<Identity>,
    /// Whether HTTP/2 is offered over TLS: for many requests at a time to one server.
    pub http2: bool,
    /// The name that the server's certificate must have.
    pub server_name: Option<ServerName>,
}

/// A name that stands in for the address's own in TLS: it is sent as SNI and looked for in the certificate.
#[derive(Debug)]
pub struct ServerName(String);

impl ServerName {
    /// `name`, if it is one: an IP address is no server name (RFC 6066, section 3).
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        rustls::pki_types::DnsName::try_from(name).ok()?;
        name.parse::<std::net::IpAddr>().is_err().then(|| Self(name.to_ascii_lowercase()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
