//! Parses `NO_PROXY` like Go's `httpproxy`, which the command lines of Vault and `OpenBao` use.
//!
//! Source: <https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config>.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;

use crate::http::bare;

/// The hosts that are reached without a proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct Exempt(Vec<Entry>);

#[derive(Clone, Debug)]
enum Entry {
    All,
    Network(IpNet),
    Address { address: IpAddr, port: Option<String> },
    Domain { name: String, and_itself: bool, port: Option<String> },
}

impl Exempt {
    /// Parses a comma-separated list. An invalid entry matches no host.
    pub(super) fn parse(list: &str) -> Self {
        Self(list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).filter_map(Entry::parse).collect())
    }

    /// Whether `url` is reached directly.
    pub(super) fn covers(&self, url: &Url) -> bool {
        let port = url.port_or_known_default().unwrap_or_default().to_string();
        let port = port.as_str();
        let Some(host) = url.host_str().map(bare) else { return false };
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.0.iter().any(|entry| entry.covers_address(address.to_canonical(), port));
        }
        let name = host.to_ascii_lowercase();
        self.0.iter().any(|entry| entry.covers_name(&name, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Ok(network) = text.parse::<IpNet>() {
            return Some(Self::Network(as_ipv4(network)));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Address { address: address.to_canonical(), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, "")) => (host, None),
            // Go compares the port as text.
            Some((host, port)) => (host, Some(port.to_owned())),
            None => (text, None),
        };
        let unbracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = unbracketed.parse::<IpAddr>() {
            return Some(Self::Address { address: address.to_canonical(), port });
        }
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let (name, and_itself) = host.strip_prefix('.').map_or((host, true), |name| (name, false));
        let name = ascii(name).unwrap_or_else(|| name.to_ascii_lowercase());
        (!name.is_empty()).then_some(Self::Domain { name, and_itself, port })
    }

    fn covers_name(&self, host: &str, at: &str) -> bool {
        match self {
            Self::All => true,
            Self::Network(_) | Self::Address { .. } => false,
            Self::Domain { name, and_itself, port } => {
                let below = host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
                (below || (*and_itself && host == name)) && port.as_ref().is_none_or(|port| port == at)
            }
        }
    }

    fn covers_address(&self, host: IpAddr, at: &str) -> bool {
        match self {
            Self::All => true,
            Self::Network(network) => network.contains(&host),
            Self::Address { address, port } => *address == host && port.as_ref().is_none_or(|port| port == at),
            Self::Domain { .. } => false,
        }
    }
}

/// Converts a network of IPv4-mapped IPv6 addresses to IPv4.
fn as_ipv4(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network.trunc() else { return network };
    let plain = || IpNet::new(mapped.addr().to_ipv4_mapped()?.into(), mapped.prefix_len().checked_sub(96)?).ok();
    plain().unwrap_or(network)
}

/// The form of an internationalized name that is looked up: `xn--…`.
fn ascii(name: &str) -> Option<String> {
    let mut url = Url::parse("https://none").ok().filter(|_| !name.is_ascii())?;
    url.set_host(Some(name)).ok()?;
    url.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(list: &str, url: &str) -> bool {
        Exempt::parse(list).covers(&Url::parse(url).unwrap())
    }

    /// Results of Go's `httpproxy`, measured with a program that uses it.
    #[test]
    fn an_entry_means_what_it_means_to_go() {
        for (list, covered, not_covered) in [
            ("vault.corp.test", "vault.corp.test:8200 VAULT.corp.test a.vault.corp.test", "corp.test xvault.corp.test"),
            ("VAULT.Corp.Test", "vault.corp.test", "vault.corp"),
            (".corp.test", "vault.corp.test a.b.corp.test", "corp.test xcorp.test"),
            ("*.corp.test", "vault.corp.test a.b.corp.test", "corp.test xcorp.test"),
            (
                "vault.corp.test:8200",
                "vault.corp.test:8200 a.vault.corp.test:8200",
                "vault.corp.test vault.corp.test:82",
            ),
            (".corp.test:8200", "vault.corp.test:8200", "corp.test:8200 vault.corp.test"),
            ("*.corp.test:8200", "vault.corp.test:8200", "corp.test:8200 vault.corp.test"),
            ("vault.corp.test:443", "vault.corp.test vault.corp.test:443", "vault.corp.test:8200"),
            ("vault.corp.test:", "vault.corp.test vault.corp.test:8200", "corp.test"),
            ("10.1.2.3", "10.1.2.3 10.1.2.3:8200 [::ffff:10.1.2.3]", "10.1.2.4 10.1.2.30"),
            ("10.1.2.3:8200", "10.1.2.3:8200", "10.1.2.3 10.1.2.4:8200"),
            ("10.1.0.0/16", "10.1.2.3 10.1.2.3:8200 [::ffff:10.1.2.3]", "10.2.2.3 a.test"),
            ("10.1.2.3/16", "10.1.255.1", "10.2.0.1"),
            ("fd00::5", "[fd00::5] [fd00::5]:8200", "[fd00::6]"),
            ("[fd00::5]:8200", "[fd00::5]:8200", "[fd00::5] [fd00::6]:8200"),
            ("[fd00::5]", "", "[fd00::5] [fd00::5]:8200"),
            ("fd00::/8", "[fd00::5]", "[fe00::5] 10.0.0.1"),
            ("0.0.0.0/0", "1.2.3.4", "a.test [fd00::5]"),
            ("bücher.test", "xn--bcher-kva.test www.xn--bcher-kva.test bücher.test", "bucher.test"),
            (".BÜCHER.test", "www.bücher.test", "bücher.test"),
            ("xn--bcher-kva.test", "bücher.test", "bucher.test"),
            ("*", "a.test 10.0.0.1 [fd00::5]:8200", ""),
            (" a.test , b.test,,", "a.test b.test", "c.test"),
            ("x, *", "a.test", ""),
            (":8200", "", "a.test a.test:8200"),
            ("a.test:https", "", "a.test"),
            ("a.test b.test", "", "a.test b.test"),
            ("10.*", "", "10.1.2.3"),
            ("*corp.test", "", "vault.corp.test"),
            ("10.0.0.0/33", "", "10.0.0.1"),
            ("a.test:0443", "", "a.test"),
            ("a.test:443,10.0.0.1:443", "a.test 10.0.0.1", "a.test:8443 10.0.0.1:8443"),
            ("::ffff:10.0.0.0/104", "10.1.2.3 [::ffff:10.1.2.3]", "11.1.2.3"),
            ("::ffff:10.0.0.1/128", "10.0.0.1", "10.0.0.2"),
            ("::/0", "[fd00::5]", "10.0.0.1"),
            ("", "", "a.test"),
        ] {
            for host in covered.split_whitespace() {
                assert!(covers(list, &format!("https://{host}/")), "{list} covers {host}");
            }
            for host in not_covered.split_whitespace() {
                assert!(!covers(list, &format!("https://{host}/")), "{list} does not cover {host}");
            }
        }
    }

    /// Go compares the names as written.
    #[test]
    fn a_dot_at_the_end_is_part_of_the_name() {
        assert!(covers("a.test.", "https://a.test./") && covers(".test.", "https://a.test./"));
        for (list, url) in
            [("a.test", "https://a.test./"), ("a.test.", "https://a.test/"), (".test.", "https://a.test/")]
        {
            assert!(!covers(list, url), "{list} {url}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_list_is_read(list: String, host in "[a-z.]{1,20}") {
            if let Ok(url) = Url::parse(&format!("https://{host}/")) {
                let _ = Exempt::parse(&list).covers(&url);
            }
        }
    }
}
