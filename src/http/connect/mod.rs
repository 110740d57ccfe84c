//! Opens a connection to a server: name lookup, proxy, TCP, TLS.
//!
//! Each step has its own timeout and its own error, which names the peer. The connector of an HTTP library has one
//! timeout for all steps, and reports a proxy's answer as the server's.

mod socks;
mod stream;
mod tunnel;

use std::fmt;
use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use self::socks::Peer;
use self::stream::Duplex;
pub(super) use self::stream::Stream;
use super::dns::{LookupError, Resolver};
use super::failure::{Failure, ProxyFault, root_cause};
use super::peer::{RawText, Shown};
use super::proxy::{Kind, Proxies, Proxy};
use super::tls::Tls;

/// The `User-Agent` header.
pub(super) const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The timeout for a TCP connection to a server or proxy, after the name lookup.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The timeout for TLS. The server may be busy, and a proxy may connect to it only now.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens connections for the HTTP client.
#[derive(Clone)]
pub(super) struct Connector(Arc<Ways>);

/// The settings of all connections.
pub(super) struct Ways {
    pub(super) resolver: Arc<Resolver>,
    pub(super) proxies: Proxies,
    /// `None` for a client that uses only plain HTTP.
    pub(super) tls: Option<Tls>,
    /// Removes secrets from a peer's text.
    pub(super) shown: Shown,
}

/// A connection failure that may contain a peer's text.
type Unclean = Failure<RawText>;

/// A server or a proxy.
struct Target {
    /// Its name or address, without brackets.
    host: String,
    port: u16,
    /// Its description and name in messages.
    called: String,
    named: String,
}

/// The form for CONNECT.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Connector {
    pub(super) fn new(ways: Ways) -> Self {
        Self(Arc::new(ways))
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let ways = Arc::clone(&self.0);
        Box::pin(async move { ways.connect(&uri).await.map_err(|failure| failure.clean(&ways.shown)) })
    }
}

impl Ways {
    async fn connect(&self, uri: &Uri) -> Result<Stream, Unclean> {
        let url = Url::parse(&uri.to_string()).map_err(|error| Unclean::Setup { why: error.to_string() })?;
        let host = url.host_str().map(super::bare).unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let target = Target { named: host.clone(), called: super::host_and_port(&url), host, port };
        let Some(tls) = self.tls.as_ref().filter(|_| url.scheme() == "https") else {
            return Ok(Stream::new(self.reach(&target).await?, false));
        };
        let name = tls.server_name.as_ref().unwrap_or(&target.host);
        let proxy = self.proxies.for_url(&url);
        let io = match proxy {
            None => self.reach(&target).await?,
            Some(proxy) => {
                let opened = self.through(proxy, &target, tls).await;
                opened.map_err(|fault| proxy.failed(target.to_string(), fault))?
            }
        };
        match (handshake(io, &tls.server, name, &target.called).await?, proxy) {
            (Some((io, http2)), _) => Ok(Stream::new(io, http2)),
            (None, None) => Err(no_handshake(&target)),
            (None, Some(proxy)) => Err(proxy.failed(target.to_string(), ProxyFault::Silent(HANDSHAKE_TIMEOUT))),
        }
    }

    /// A connection to `target` through `proxy`. The proxy has the attempt's timeout for it.
    async fn through(&self, proxy: &Proxy, target: &Target, tls: &Tls) -> Result<Box<dyn Duplex>, ProxyFault<RawText>> {
        let unreached = |failure: Unclean| ProxyFault::Unreached(Box::new(failure));
        let reach = async || self.reach_proxy(proxy, tls).await.map_err(unreached);
        match proxy.kind {
            Kind::Http | Kind::Https => {
                let mut io = reach().await?;
                tunnel::open(&mut io, proxy, target).await?;
                Ok(io)
            }
            Kind::SocksWithNames => {
                let mut io = reach().await?;
                let peer = target.host.parse().map_or(Peer::Name(&target.host), Peer::Address);
                socks::open(&mut io, proxy, peer, target.port).await?;
                Ok(io)
            }
            Kind::Socks => {
                // Addresses are tried one after the other, each on a new connection, as for a server without a proxy.
                let mut refused = ProxyFault::NotSocks;
                let found = self.lookup(target).await;
                for address in found.map_err(|failure| ProxyFault::Unresolved(Box::new(failure)))? {
                    let mut io = reach().await?;
                    match socks::open(&mut io, proxy, Peer::Address(address), target.port).await {
                        Ok(()) => return Ok(io),
                        Err(fault @ ProxyFault::Socks(reply)) if socks::is_about_address(reply) => refused = fault,
                        Err(fault) => return Err(fault),
                    }
                }
                Err(refused)
            }
        }
    }

    async fn reach_proxy(&self, proxy: &Proxy, tls: &Tls) -> Result<Box<dyn Duplex>, Unclean> {
        let called = format!("the proxy {proxy}");
        let place = Target { host: proxy.host.clone(), port: proxy.port, named: called.clone(), called };
        let io = self.reach(&place).await?;
        if proxy.kind != Kind::Https {
            return Ok(io);
        }
        let io = handshake(io, &tls.proxy, &place.host, &place.called).await?;
        io.map(|(io, _)| io).ok_or_else(|| no_handshake(&place))
    }

    /// A direct connection to `target`.
    async fn reach(&self, target: &Target) -> Result<Box<dyn Duplex>, Unclean> {
        let addresses = self.lookup(target).await?;
        timeout(CONNECT_TIMEOUT, tcp(target, addresses)).await.unwrap_or_else(|_| {
            let why = RawText::new(&format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()));
            Err(Unclean::Connect { host: target.called.clone(), why })
        })
    }

    async fn lookup(&self, target: &Target) -> Result<Vec<IpAddr>, Unclean> {
        self.resolver.lookup(&target.host).await.map_err(|LookupError { why, definite, .. }| {
            let (host, why) = (target.named.clone(), RawText::new(&why));
            if definite { Unclean::NoSuchHost { host, why } } else { Unclean::Lookup { host, why } }
        })
    }
}

fn no_handshake(target: &Target) -> Unclean {
    let why = RawText::new(&format!("no TLS handshake within {} s", HANDSHAKE_TIMEOUT.as_secs()));
    Unclean::Connect { host: target.called.clone(), why }
}

/// A TCP connection to one of these addresses. IPv4 and IPv6 alternate (RFC 8305).
async fn tcp(target: &Target, addresses: Vec<IpAddr>) -> Result<Box<dyn Duplex>, Unclean> {
    const ALIVE: Duration = Duration::from_secs(15);
    let mut connector = HttpConnector::new_with_resolver(Known(addresses));
    connector.set_nodelay(true);
    connector.set_keepalive(Some(ALIVE));
    connector.set_keepalive_interval(Some(ALIVE));
    connector.set_keepalive_retries(Some(3));
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    // The addresses are known, so only the port of this URI is used.
    let uri = Uri::builder().scheme("http").authority(format!("known:{}", target.port)).path_and_query("/").build();
    let uri = uri.map_err(|error| Unclean::Setup { why: error.to_string() })?;
    match connector.call(uri).await {
        Ok(stream) => Ok(Box::new(stream.into_inner())),
        Err(error) if is_refused(&error) => Err(Unclean::ConnectionRefused { host: target.called.clone() }),
        Err(error) => Err(Unclean::Connect { host: target.called.clone(), why: RawText::new(&root_cause(&error)) }),
    }
}

fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
}

/// Performs the TLS handshake for a certificate of `name`. Also returns whether HTTP/2 was chosen. `None` after the
/// timeout.
async fn handshake(
    io: Box<dyn Duplex>,
    config: &Arc<ClientConfig>,
    name: &str,
    called: &str,
) -> Result<Option<(Box<dyn Duplex>, bool)>, Unclean> {
    let name = ServerName::try_from(name.strip_suffix('.').unwrap_or(name).to_owned())
        .map_err(|_| Unclean::Setup { why: format!("{name} cannot be the name in a certificate") })?;
    let Ok(done) = timeout(HANDSHAKE_TIMEOUT, TlsConnector::from(Arc::clone(config)).connect(name, io)).await else {
        return Ok(None);
    };
    let stream = done.map_err(|error| Unclean::of_handshake(&error, called))?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(Some((Box::new(stream), http2)))
}

/// Returns the known addresses.
#[derive(Clone)]
struct Known(Vec<IpAddr>);

impl Service<Name> for Known {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        // The connector fills in the port.
        ready(Ok(self.0.iter().map(|address| SocketAddr::new(*address, 0)).collect::<Vec<_>>().into_iter()))
    }
}
