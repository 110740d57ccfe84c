//! What one provider's own settings change about the one client.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HOST, HeaderValue};

use super::{Failure, Identity, Request};

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
///
/// rustls takes both from the request's address alone. So the name is put there, the `Host` header keeps the
/// address's own, and a lookup of the name answers with the address's host.
#[derive(Debug)]
pub struct ServerName {
    name: String,
    host: String,
}

impl ServerName {
    /// `name` for the server at `address`; none where it is no name, or `address` has no host.
    #[must_use]
    pub fn new(name: &str, address: &Url) -> Option<Self> {
        let host = address.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        // An IP address is no server name (RFC 6066, section 3), and would not be looked up.
        rustls::pki_types::DnsName::try_from(name).ok()?;
        name.parse::<std::net::IpAddr>().is_err().then(|| Self { name: name.to_ascii_lowercase(), host })
    }

    /// What a lookup of the name stands for.
    pub(super) fn alias(&self) -> (String, String) {
        (self.name.clone(), self.host.clone())
    }

    pub(super) fn put_into(&self, request: &mut Request) -> Result<(), Failure> {
        let unusable = || Failure::Setup { why: format!("the server name {} cannot be used", self.name) };
        if request.url.scheme() != "https" {
            return Ok(());
        }
        let own = super::host_and_port(&request.url);
        request.headers.insert(HOST, HeaderValue::from_str(&own).map_err(|_| unusable())?);
        request.url.set_host(Some(&self.name)).map_err(|_| unusable())
    }
}
