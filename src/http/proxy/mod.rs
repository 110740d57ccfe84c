//! Selects the proxy: `HTTPS_PROXY`, or else `ALL_PROXY`; none for loopback and the hosts in `NO_PROXY`.

mod exempt;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use self::exempt::Exempt;
use super::failure::{Failure, ProxyFailure, ProxyFault};
use crate::error::Usage;
use crate::host::Env;
use crate::secret::Secret;

/// The proxy for https calls. Plain HTTP is only used for loopback and hosts near the job, without a proxy.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Proxy>,
    exempt: Exempt,
}

/// A proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The variable that sets it.
    pub(super) variable: String,
    pub(super) kind: Kind,
    /// Its name or address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<User>,
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// CONNECT over plain HTTP.
    Http,
    /// CONNECT over TLS.
    Https,
    /// SOCKS 5; this program looks up the host's name.
    Socks,
    /// SOCKS 5; the proxy looks up the host's name.
    SocksWithNames,
}

/// The user and password for a proxy.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: Secret,
    pub(super) password: Secret,
}

impl Proxies {
    /// Reads the variables. The upper-case name takes precedence, and an empty value means no proxy.
    ///
    /// # Errors
    /// If the proxy's address is invalid. The error does not contain the address, because it may contain a password.
    pub fn from_env(env: &Env) -> Result<Self, Usage> {
        let exempt = env.first(&["NO_PROXY", "no_proxy"])?.map(|(_, hosts)| hosts).unwrap_or_default();
        match env.first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])? {
            Some((name, address)) => Self::named(name, &address, &exempt),
            None => Ok(Self::default()),
        }
    }

    /// The proxy with this address from the variable `name`, for all hosts except those in `exempt`.
    ///
    /// # Errors
    /// If the address is invalid. The error does not contain it, because it may contain a password.
    pub fn named(name: &str, address: &str, exempt: &str) -> Result<Self, Usage> {
        Ok(Self { https: Some(Proxy::parse(name, address)?), exempt: Exempt::parse(exempt) })
    }

    /// The secrets that are sent to the proxy and that it could repeat.
    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret> {
        self.https.as_ref().and_then(|proxy| proxy.user.as_ref()).into_iter().flat_map(User::secrets)
    }

    /// The proxy for `url`; `None` if it is reached directly. A request to this machine never uses a proxy, for any
    /// content of the variables.
    #[must_use]
    pub fn for_url(&self, url: &Url) -> Option<&Proxy> {
        self.https.as_ref().filter(|_| url.scheme() == "https" && !super::is_loopback(url) && !self.exempt.covers(url))
    }
}

impl Proxy {
    fn parse(variable: &str, address: &str) -> Result<Self, Usage> {
        Self::read(variable, address.trim()).ok_or_else(|| {
            Usage::new(format!("{variable} is not the address of a proxy"))
                .hint("write it as http://host:port, https://host:port, socks5://host:port or socks5h://host:port")
                .hint(r"percent-encode the user and the password as UTF-8: @ is %40, / is %2F, \ is %5C, ? is %3F, # is %23")
        })
    }

    /// Parses `[scheme://][user[:password]@]host[:port][/]`. Anything else is refused, also a path: it may be part of
    /// a password with an unencoded `/` or `@`. Then a part of the password would be looked up and shown as a host.
    fn read(variable: &str, address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
        let (kind, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Kind::Http, 80),
            "https" => (Kind::Https, 443),
            "socks5" => (Kind::Socks, 1080),
            "socks5h" => (Kind::SocksWithNames, 1080),
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, place) = rest.split_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        let raw = |text: &str| text.contains(['/', '\\', '?', '#', '@']) || text.contains(char::is_whitespace);
        if raw(place) || user.is_some_and(raw) {
            return None;
        }
        // This scheme has no default port, so an explicit port is recognized.
        let url = Url::parse(&format!("none://{place}")).ok()?;
        let host = Url::parse(&format!("http://{place}")).ok()?.host_str().map(super::bare)?.to_owned();
        let port = url.port().unwrap_or(default_port);
        let user = match user {
            Some(user) => Some(User::parse(user)?),
            None => None,
        };
        Some(Self { variable: variable.to_owned(), kind, host, port, user })
    }

    /// The failure that it did not open a connection to `host`.
    pub(super) fn failed<W>(&self, host: String, fault: ProxyFault<W>) -> Failure<W> {
        let (proxy, variable) = (self.to_string(), self.variable.clone());
        Failure::Proxy(Box::new(ProxyFailure { proxy, variable, host, fault }))
    }
}

/// Host and port. The user is left out, because it may be a secret too.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl User {
    fn parse(text: &str) -> Option<Self> {
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        Self::new(name, password)
    }

    /// Decodes both, which are percent-encoded as in an address; `None` if the result is not UTF-8.
    pub(super) fn new(name: &str, password: &str) -> Option<Self> {
        Some(Self { name: decoded(name)?, password: decoded(password)? })
    }

    /// The value of the `Authorization` header (RFC 7617).
    pub(super) fn basic(&self) -> Secret {
        Secret::new(format!("Basic {}", self.encoded().reveal()))
    }

    /// The secrets that a peer with this header could repeat. In an address without a password, the user is a token.
    pub(super) fn secrets(&self) -> [Secret; 3] {
        let secret = if self.password.reveal().is_empty() { &self.name } else { &self.password };
        [secret.clone(), self.pair(), self.encoded()]
    }

    fn pair(&self) -> Secret {
        Secret::new(format!("{}:{}", self.name.reveal(), self.password.reveal()))
    }

    fn encoded(&self) -> Secret {
        Secret::new(STANDARD.encode(self.pair().reveal()))
    }
}

fn decoded(text: &str) -> Option<Secret> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
    Some(Secret::new(text.into_owned()))
}
