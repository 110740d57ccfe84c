//! Which proxy stands between: `HTTPS_PROXY`, else `ALL_PROXY`, but for what `NO_PROXY` lists and for loopback.

use reqwest::{ClientBuilder, NoProxy, Proxy, Url};

use super::failure::Failure;
use crate::error::Usage;
use crate::host::Env;
use crate::secret::Secret;

/// A request to this machine is never another machine's business, whatever the variables say.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// The proxy for https calls. Plain http goes to loopback and to hosts beside the job, without one.
#[derive(Debug, Default)]
pub struct Proxies {
    /// With the password that it may carry.
    https: Option<Secret>,
    exempt: String,
}

impl Proxies {
    /// Reads the variables; the upper-case name goes before the lower-case one, and an empty value means none.
    ///
    /// # Errors
    /// When the proxy's address cannot be read. The address is not shown: it may hold a password.
    pub fn from_env(env: &Env) -> Result<Self, Usage> {
        let exempt = env.first(&["NO_PROXY", "no_proxy"])?.map(|(_, hosts)| hosts).unwrap_or_default();
        match env.first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])? {
            Some((name, address)) => Self::named(name, &address, exempt),
            None => Ok(Self { https: None, exempt }),
        }
    }

    /// The proxy that the variable `name` gives, for all hosts but those that `exempt` lists.
    ///
    /// # Errors
    /// When the address cannot be read. It is not shown: it may hold a password.
    pub fn named(name: &str, address: &str, exempt: String) -> Result<Self, Usage> {
        let address = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let known = Url::parse(&address).is_ok_and(|url| {
            url.host_str().is_some_and(|host| !host.is_empty())
                && matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
        });
        if !known {
            return Err(Usage::new(format!("{name} is not the address of a proxy"))
                .hint("it reads http://host:port, https://host:port, socks5://host:port or socks5h://host:port"));
        }
        // reqwest lets the star stand for names alone; curl, and everybody since, for addresses too.
        let all_exempt = exempt.split(',').any(|host| host.trim() == "*");
        Ok(Self { https: (!all_exempt).then(|| Secret::new(address)), exempt })
    }

    /// Whether there is one.
    #[must_use]
    pub fn any(&self) -> bool {
        self.https.is_some()
    }

    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
        let builder = builder.no_proxy();
        let Some(address) = &self.https else { return Ok(builder) };
        let proxy = Proxy::https(address.reveal())
            .map_err(|_| Failure::Setup { why: "the proxy's address cannot be used".into() })?;
        let exempt = format!("{LOOPBACK},{}", self.exempt);
        Ok(builder.proxy(proxy.no_proxy(NoProxy::from_string(&exempt))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::host::Host;

    fn env(variables: &[(&str, &str)]) -> Env {
        Host::fake(variables, SystemTime::UNIX_EPOCH).env
    }

    #[test]
    fn the_more_particular_variable_wins_and_an_empty_one_is_none() {
        let https = |variables: &[(&str, &str)]| {
            Proxies::from_env(&env(variables)).unwrap().https.map(|proxy| proxy.reveal().to_owned())
        };
        assert_eq!(https(&[]), None);
        assert_eq!(https(&[("HTTPS_PROXY", "")]), None);
        assert_eq!(
            https(&[("ALL_PROXY", "socks5h://a:1080"), ("https_proxy", "b:3128")]),
            Some("http://b:3128".into())
        );
        assert_eq!(https(&[("all_proxy", "socks5h://a:1080")]), Some("socks5h://a:1080".into()));
        assert_eq!(https(&[("HTTPS_PROXY", "a:1"), ("no_proxy", "b, *")]), None);
    }

    #[test]
    fn a_bad_address_is_refused_and_not_shown() {
        for bad in ["http://", "ftp://user:hunter2@proxy", "http://user:hunter2@pro xy:1"] {
            let error = Proxies::from_env(&env(&[("HTTPS_PROXY", bad)])).unwrap_err().to_string();
            assert_eq!(error, "HTTPS_PROXY is not the address of a proxy");
        }
    }
}
