//! Names to addresses: `localhost`, then `/etc/hosts`, then the nameservers that resolv.conf names, and nobody else.
//!
//! A static binary cannot load the modules of nsswitch.conf, so the two files are read here and the questions
//! asked by hickory. Its own defaults are never used: without a resolv.conf they ask a public resolver.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RecordType};
use reqwest::dns::{Addrs, Resolve, Resolving};
use tokio::sync::OnceCell;

use super::resolv_conf::ResolvConf;

/// Bound on all questions for one name: below the client's bound on a connection, so that it is the lookup that fails.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(4);

/// The resolver that reqwest asks. Files are read on the first question.
#[derive(Default)]
pub(super) struct Resolver {
    files: Arc<OnceCell<Files>>,
    alias: Option<(String, String)>,
}

impl Resolver {
    /// One that answers for the first name with the second's address.
    pub(super) fn with_alias(alias: Option<(String, String)>) -> Self {
        Self { alias, ..Self::default() }
    }
}

struct Files {
    hosts: String,
    nameservers: TokioResolver,
}

/// A name without an address.
#[derive(Debug)]
pub(super) struct LookupError {
    pub(super) host: String,
    pub(super) why: String,
    /// The name is known not to exist, or to have no address; otherwise the nameservers did not say.
    pub(super) definite: bool,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.host, self.why)
    }
}

impl std::error::Error for LookupError {}

impl Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> Resolving {
        let files = Arc::clone(&self.files);
        let host = match &self.alias {
            Some((alias, host)) if alias.eq_ignore_ascii_case(name.as_str()) => host.clone(),
            _ => name.as_str().to_owned(),
        };
        Box::pin(async move {
            let addresses = lookup(&host, &files).await?;
            // Port 0 stands for the address's own port.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

async fn lookup(host: &str, files: &OnceCell<Files>) -> Result<Vec<IpAddr>, LookupError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![address]);
    }
    if is_localhost(host) {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let files = files.get_or_try_init(|| async { Files::read(host) }).await?;
    let listed = listed_in_hosts(&files.hosts, host);
    if !listed.is_empty() {
        return Ok(listed);
    }
    let asked = tokio::time::timeout(LOOKUP_TIMEOUT, ask(&files.nameservers, host));
    asked.await.unwrap_or_else(|_| {
        Err(LookupError { host: host.into(), why: "no nameserver answered in time".into(), definite: false })
    })
}

/// Asks for both kinds of address at once. A nameserver that leaves the question for IPv6 unanswered, as some do, does
/// not hold up the answer for IPv4 (RFC 8305, section 3).
async fn ask(nameservers: &TokioResolver, host: &str) -> Result<Vec<IpAddr>, LookupError> {
    const RESOLUTION_DELAY: Duration = Duration::from_millis(200);
    let mut v4 = pin!(nameservers.lookup(host, RecordType::A));
    let mut v6 = pin!(nameservers.lookup(host, RecordType::AAAA));
    let (v4, v6) = tokio::select! {
        v6 = &mut v6 => (v4.await, Some(v6)),
        v4 = &mut v4 => match v4 {
            Ok(_) => (v4, tokio::time::timeout(RESOLUTION_DELAY, v6).await.ok()),
            Err(_) => (v4, Some(v6.await)),
        },
    };
    let found: Vec<IpAddr> = [v4.as_ref().ok(), v6.as_ref().and_then(|v6| v6.as_ref().ok())]
        .into_iter()
        .flatten()
        .flat_map(|answer| answer.answers().iter().filter_map(|record| record.data.ip_addr()))
        .collect();
    match (found.is_empty(), v4, v6) {
        (false, _, _) => Ok(found),
        // "No address of this kind" says less than a failure to say, which can heal.
        (true, Err(v4), Some(Err(v6))) => {
            let (v4, v6) = (describe(host, &v4), describe(host, &v6));
            Err(if v4.definite { v6 } else { v4 })
        }
        (true, Err(error), _) | (true, _, Some(Err(error))) => Err(describe(host, &error)),
        (true, Ok(_), _) => {
            Err(LookupError { host: host.into(), why: "the name has no address".into(), definite: true })
        }
    }
}

impl Files {
    fn read(host: &str) -> Result<Self, LookupError> {
        // A file that is missing or unreadable is an empty one, as libc has it.
        let text =
            |path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let conf = ResolvConf::parse(&text("/etc/resolv.conf"));
        let nameservers = nameservers(&conf).map_err(|error| LookupError {
            host: host.into(),
            why: error.to_string(),
            definite: false,
        })?;
        Ok(Self { hosts: text("/etc/hosts"), nameservers })
    }
}

fn nameservers(conf: &ResolvConf) -> Result<TokioResolver, NetError> {
    let search = conf.search.iter().filter_map(|suffix| Name::from_utf8(suffix).ok()).collect();
    let servers = conf.nameservers.iter().copied().map(NameServerConfig::udp_and_tcp).collect();
    let mut options = ResolverOpts::default();
    options.ndots = conf.ndots;
    options.timeout = conf.timeout.min(LOOKUP_TIMEOUT / 2);
    options.attempts = conf.attempts;
    options.use_hosts_file = ResolveHosts::Never;
    let config = ResolverConfig::from_parts(None, search, servers);
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options).build()
}

fn describe(host: &str, error: &NetError) -> LookupError {
    let host = host.to_owned();
    #[allow(clippy::wildcard_enum_match_arm, reason = "whatever else went wrong, the nameservers did not say")]
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NXDomain => {
            LookupError { host, why: "NXDOMAIN".into(), definite: true }
        }
        NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NoError => {
            LookupError { host, why: "the name has no address".into(), definite: true }
        }
        NetError::Timeout => LookupError { host, why: "no nameserver answered in time".into(), definite: false },
        other => LookupError { host, why: other.to_string(), definite: false },
    }
}

/// Whether `host` is `localhost` or below it: always this machine, whatever a file or a nameserver says
/// (RFC 6761, section 6.3).
pub(super) fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// The addresses that a hosts(5) file lists for `host`, in its order.
fn listed_in_hosts(file: &str, host: &str) -> Vec<IpAddr> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut found = Vec::new();
    for line in file.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        if words.any(|name| name.eq_ignore_ascii_case(host)) && !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_file_is_read_as_libc_reads_it() {
        let file = "# 10.0.0.1 vault\n127.0.0.1 localhost\n10.0.0.2\tvault.test VAULT # main\n10.0.0.3 vault\nnonsense vault\n::1 vault\n10.0.0.2 vault\n";
        let expected: Vec<IpAddr> =
            vec!["10.0.0.2".parse().unwrap(), "10.0.0.3".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(listed_in_hosts(file, "Vault"), expected);
        assert_eq!(listed_in_hosts(file, "vault."), expected);
        assert!(listed_in_hosts(file, "other").is_empty());
    }

    #[test]
    fn localhost_is_this_machine() {
        assert!(is_localhost("localhost") && is_localhost("LocalHost.") && is_localhost("a.localhost"));
        assert!(!is_localhost("localhost.example") && !is_localhost("notlocalhost"));
    }
}
