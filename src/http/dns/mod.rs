//! Resolves host names: `localhost`, then `/etc/hosts`, then the nameservers of resolv.conf, and no other source.
//!
//! A static binary cannot load the modules of nsswitch.conf. So this code reads the two files, and sends queries in
//! glibc's order. No library does that: hickory's resolver queries several nameservers at once. It does not continue
//! with the next one after silence or an error.

mod hosts;
pub mod message;
mod nameservers;
mod query;

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio::time::Instant;

use self::nameservers::{Nameservers, Outcome};
use super::resolv_conf::ResolvConf;
use crate::input::{self, Kind, Reader};

/// The timeout for reading the files. It is shorter than that of a connection, so that an error names the file.
const READING: Duration = Duration::from_secs(4);

/// The resolver. It reads the files at the first lookup.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    files: OnceCell<Files>,
    /// The results of lookups by host. Several connections to one host wait for one lookup.
    known: Mutex<HashMap<String, Arc<AsyncMutex<Option<Known>>>>>,
}

#[derive(Debug)]
struct Files {
    hosts: String,
    nameservers: Nameservers,
}

#[derive(Debug)]
struct Known {
    addresses: Vec<IpAddr>,
    until: Instant,
}

/// A failed lookup.
#[derive(Clone, Debug)]
pub(super) struct LookupError {
    pub(super) host: String,
    pub(super) why: String,
    /// Whether the name certainly does not exist or has no address. Otherwise the nameservers did not answer.
    pub(super) definite: bool,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.host, self.why)
    }
}

impl std::error::Error for LookupError {}

impl Resolver {
    /// The addresses of `host`; at least one.
    ///
    /// # Errors
    /// If it has none, or no nameserver answered.
    pub(super) async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![address]);
        }
        if is_localhost(host) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let files = self.files.get_or_try_init(|| input::apart(READING, Files::read)).await.map_err(|unfinished| {
            let why = unfinished.usage("in time").to_string();
            LookupError { host: host.into(), why, definite: false }
        })?;
        let listed = hosts::listed(&files.hosts, host);
        if !listed.is_empty() {
            return Ok(listed);
        }
        let entry = self.entry(host);
        let mut known = entry.lock().await;
        if let Some(known) = known.as_ref().filter(|known| Instant::now() < known.until) {
            return Ok(known.addresses.clone());
        }
        let failed = |why: String, definite| Err(LookupError { host: host.into(), why, definite });
        match files.nameservers.lookup(host).await {
            Outcome::Found(addresses, keep) => {
                *known = Some(Known { addresses: addresses.clone(), until: Instant::now() + keep });
                Ok(addresses)
            }
            Outcome::NoSuchName => failed("NXDOMAIN".into(), true),
            Outcome::NoAddress => failed("the name has no address".into(), true),
            Outcome::Unknown { why, .. } => failed(why, false),
        }
    }

    fn entry(&self, host: &str) -> Arc<AsyncMutex<Option<Known>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(host.to_ascii_lowercase()).or_default())
    }
}

impl Files {
    fn read(reader: &Reader) -> Self {
        // A missing or unreadable file counts as empty, as in libc.
        let text = |path: &str| {
            let bytes = reader.file("names", Path::new(path), Kind::System).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let system = rustix::system::uname();
        let host_name = system.nodename().to_string_lossy();
        let conf = ResolvConf::parse(&text("/etc/resolv.conf"), &host_name);
        Self { hosts: text("/etc/hosts"), nameservers: Nameservers::new(conf, |name| interface(reader, name)) }
    }
}

/// The number of a network interface.
fn interface(reader: &Reader, name: &str) -> Option<u32> {
    if name.contains('/') {
        return None;
    }
    let file = format!("/sys/class/net/{name}/ifindex");
    reader.text("names", Path::new(&file), Kind::System).ok()?.trim().parse().ok()
}

/// Whether `host` is `localhost` or a name below it. It is always this machine, for any content of files and
/// nameservers (RFC 6761, section 6.3).
pub(super) fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_this_machine() {
        assert!(is_localhost("localhost") && is_localhost("LocalHost.") && is_localhost("a.localhost"));
        assert!(!is_localhost("localhost.example") && !is_localhost("notlocalhost"));
    }
}
