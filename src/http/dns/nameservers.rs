//! Queries the nameservers of resolv.conf one at a time, in its order, like glibc's `res_send` and `res_search`.
//!
//! The next nameserver is queried only if the previous one is silent, refuses, fails or is unreachable. NXDOMAIN is
//! an answer: the name of an internal host is not sent to a later nameserver.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::pin::pin;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use tokio::time::{Instant, timeout};

use super::super::resolv_conf::{Nameserver, ResolvConf};
use super::query::{Answer, Fault, ask};

/// The timeout of all queries for one host. A round over three nameservers with the default timeouts (5 s, 3 s, 6 s)
/// fits.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(14);

/// The part of [`LOOKUP_TIMEOUT`] that is reserved for each later nameserver.
const LEAST_WAIT: Duration = Duration::from_secs(3);

/// How long the second kind of address is waited for after the first one arrived: some nameservers do not answer
/// queries for IPv6 (RFC 8305, section 3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(200);

const PORT: u16 = 53;

/// The nameservers and the settings for queries.
#[derive(Debug)]
pub(super) struct Nameservers {
    conf: ResolvConf,
    /// In the order of the queries.
    servers: Vec<SocketAddr>,
}

/// The result of the queries for a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The addresses of both kinds, and how long they may be kept.
    Found(Vec<IpAddr>, Duration),
    /// The name exists, without an address.
    NoAddress,
    /// NXDOMAIN.
    NoSuchName,
    /// The nameservers did not answer, for these reasons.
    Unknown {
        why: String,
        /// Whether the last one answered with a failure: another name may succeed.
        failed: bool,
    },
}

impl Nameservers {
    /// The nameservers of `conf`. `interface` returns the index of a network interface.
    pub(super) fn new(conf: ResolvConf, interface: impl Fn(&str) -> Option<u32>) -> Self {
        let mut servers: Vec<SocketAddr> = conf.nameservers.iter().map(|server| address(server, &interface)).collect();
        if conf.rotate {
            let first = fastrand::usize(..servers.len());
            servers.rotate_left(first);
        }
        Self { conf, servers }
    }

    /// The addresses of `host`: of the name as written, and with the suffixes of the search list.
    pub(super) async fn lookup(&self, host: &str) -> Outcome {
        let deadline = Instant::now() + LOOKUP_TIMEOUT;
        let as_is_first = is_asked_as_is_first(host, &self.conf);
        let mut told: Option<Outcome> = None;
        for name in candidates(host, &self.conf) {
            let outcome = self.ask_for(&name, deadline).await;
            if matches!(outcome, Outcome::Found(..) | Outcome::Unknown { failed: false, .. }) {
                return outcome;
            }
            // As in `res_search`: the result for the name as written, or else the most promising one.
            if told.as_ref().is_none_or(|told| !as_is_first && rank(&outcome) > rank(told)) {
                told = Some(outcome);
            }
        }
        told.unwrap_or(Outcome::NoSuchName)
    }

    /// Queries the nameservers one after the other, in as many rounds as `attempts`.
    async fn ask_for(&self, name: &Name, deadline: Instant) -> Outcome {
        let mut faults: Vec<Option<Fault>> = vec![None; self.servers.len()];
        for _ in 0..self.conf.attempts {
            for (place, server) in self.servers.iter().enumerate() {
                let later = u32::try_from(self.servers.len() - place - 1).unwrap_or(0);
                let left = deadline.saturating_duration_since(Instant::now());
                let wait = self.conf.wait(place).min(left.saturating_sub(LEAST_WAIT * later));
                if wait.is_zero() {
                    continue;
                }
                match self.ask_one(*server, name, wait).await {
                    Ok(outcome) => return outcome,
                    Err(fault) if fault.passes_on() => faults[place] = Some(fault),
                    Err(fault) => return Outcome::Unknown { why: describe(*server, &fault), failed: false },
                }
            }
        }
        let failed = matches!(faults.last(), Some(Some(Fault::Said(_))));
        let told =
            self.servers.iter().zip(&faults).filter_map(|(server, fault)| Some(describe(*server, fault.as_ref()?)));
        let told: Vec<String> = told.collect();
        let why = if told.is_empty() { "no nameserver answered in time".into() } else { told.join(", ") };
        Outcome::Unknown { why, failed }
    }

    /// Sends the queries for both kinds of addresses to one nameserver at once.
    ///
    /// # Errors
    /// The fault, if it answered neither query.
    async fn ask_one(&self, server: SocketAddr, name: &Name, wait: Duration) -> Result<Outcome, Fault> {
        let mut v4 = pin!(ask(server, name, RecordType::A, wait, self.conf.use_vc));
        let mut v6 = pin!(ask(server, name, RecordType::AAAA, wait, self.conf.use_vc));
        let (v4, v6) = tokio::select! {
            v4 = &mut v4 => { let v6 = second(&v4, v6, RESOLUTION_DELAY).await; (Some(v4), v6) }
            v6 = &mut v6 => { let v4 = second(&v6, v4, wait).await; (v4, Some(v6)) }
        };
        combine(server, v4, v6)
    }
}

/// Waits for the other answer if it can contain more than `first`. Some nameservers answer NXDOMAIN to the IPv6 query
/// if a name has only an IPv4 address (RFC 4074, section 4.2). So after NXDOMAIN the wait is `after_nxdomain`.
async fn second<F>(first: &Result<Answer, Fault>, other: F, after_nxdomain: Duration) -> Option<Result<Answer, Fault>>
where
    F: Future<Output = Result<Answer, Fault>>,
{
    match first {
        Ok(Answer::NoSuchName) => timeout(after_nxdomain, other).await.ok(),
        Ok(Answer::Addresses { .. }) => timeout(RESOLUTION_DELAY, other).await.ok(),
        Ok(Answer::NoAddress) | Err(_) => Some(other.await),
    }
}

/// Combines two answers. If a nameserver answers one of the queries, the next one is not queried.
fn combine(
    server: SocketAddr,
    v4: Option<Result<Answer, Fault>>,
    v6: Option<Result<Answer, Fault>>,
) -> Result<Outcome, Fault> {
    let (mut addresses, mut keep) = (Vec::new(), Duration::MAX);
    let (mut exists, mut unknown, mut fault) = (false, false, None);
    for answer in [v4, v6].into_iter().flatten() {
        match answer {
            Ok(Answer::NoSuchName) => unknown = true,
            Ok(Answer::Addresses { found, ttl }) => {
                addresses.extend(found);
                keep = keep.min(ttl);
            }
            Ok(Answer::NoAddress) => exists = true,
            Err(error) => fault = Some(error),
        }
    }
    match fault {
        _ if !addresses.is_empty() => Ok(Outcome::Found(addresses, keep)),
        _ if unknown && !exists => Ok(Outcome::NoSuchName),
        None => Ok(Outcome::NoAddress),
        Some(fault) if exists => Ok(Outcome::Unknown { why: describe(server, &fault), failed: false }),
        Some(fault) => Err(fault),
    }
}

fn describe(server: SocketAddr, fault: &Fault) -> String {
    format!("nameserver {} {fault}", server.ip())
}

/// The priority of an outcome for the error.
fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::NoSuchName => 0,
        Outcome::Unknown { .. } => 1,
        Outcome::NoAddress => 2,
        Outcome::Found(..) => 3,
    }
}

fn is_asked_as_is_first(host: &str, conf: &ResolvConf) -> bool {
    host.ends_with('.') || host.matches('.').count() >= conf.ndots
}

/// The full names for `host`, in the order of the queries. Invalid DNS names are left out.
fn candidates(host: &str, conf: &ResolvConf) -> Vec<Name> {
    let plain = host.strip_suffix('.').unwrap_or(host);
    let suffixes = if plain == host { conf.search.as_slice() } else { &[] };
    let with = |suffix: &String| if suffix == "." { plain.to_owned() } else { format!("{plain}.{suffix}") };
    let mut names: Vec<String> = suffixes.iter().map(with).collect();
    names.insert(if is_asked_as_is_first(host, conf) { 0 } else { names.len() }, plain.to_owned());
    let mut known: Vec<Name> = Vec::new();
    for text in names {
        // Labels are bytes, so a name may contain an underscore (RFC 2181, section 11).
        let labels = text.strip_suffix('.').unwrap_or(&text).split('.').map(str::as_bytes);
        known.extend(Name::from_labels(labels).ok().filter(|name| !known.contains(name)));
    }
    known
}

fn address(server: &Nameserver, interface: impl Fn(&str) -> Option<u32>) -> SocketAddr {
    match (server.address, &server.zone) {
        (IpAddr::V6(address), Some(zone)) => {
            let number = zone.parse().ok().or_else(|| interface(zone));
            SocketAddrV6::new(address, PORT, 0, number.unwrap_or(0)).into()
        }
        (address, _) => SocketAddr::new(address, PORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_in_the_order_of_glibc() {
        let asked = |host: &str, text: &str| {
            let names = candidates(host, &ResolvConf::parse(text, ""));
            names.iter().map(|name| name.to_ascii().trim_end_matches('.').to_owned()).collect::<Vec<_>>().join(" ")
        };
        let searching = "search a.example b.example.\n";
        assert_eq!(asked("vault", searching), "vault.a.example vault.b.example vault");
        assert_eq!(asked("vault.", searching), "vault");
        assert_eq!(asked("vault.corp", searching), "vault.corp vault.corp.a.example vault.corp.b.example");
        assert_eq!(asked("vault.corp.", searching), "vault.corp");
        assert_eq!(asked("a.b", "search c\noptions ndots:2"), "a.b.c a.b");
        assert_eq!(asked("vault", "search c\noptions ndots:0"), "vault vault.c");
        assert_eq!(asked("vault", "search . c"), "vault vault.c");
        assert_eq!(asked("my_vault", "search _tcp.example"), "my_vault._tcp.example my_vault");
        assert_eq!(asked("VAULT", "search x VAULT.example X"), "VAULT.x VAULT.VAULT.example VAULT");
        let long = "a".repeat(64);
        assert_eq!(asked("vault", &format!("search .x {long} {}", "b.".repeat(125))), "vault");
        assert_eq!(asked(&long, ""), "");
    }

    #[test]
    fn a_zone_is_an_interface_or_its_number() {
        let number = |zone: Option<&str>| {
            let server = Nameserver { address: "fe80::1".parse().unwrap(), zone: zone.map(str::to_owned) };
            address(&server, |name| (name == "eth0").then_some(3)).to_string()
        };
        assert_eq!(number(Some("eth0")), "[fe80::1%3]:53");
        assert_eq!(number(Some("7")), "[fe80::1%7]:53");
        for none in [Some("eth1"), Some(""), None] {
            assert_eq!(number(none), "[fe80::1]:53", "{none:?}");
        }
    }

    #[test]
    fn one_answer_of_two_is_an_answer() {
        let server = "10.0.0.1:53".parse().unwrap();
        let address =
            || Ok(Answer::Addresses { found: vec!["10.0.0.9".parse().unwrap()], ttl: Duration::from_secs(9) });
        let found = || Ok(Outcome::Found(vec!["10.0.0.9".parse().unwrap()], Duration::from_secs(9)));
        let none = || Ok(Answer::NoAddress);
        let silent = || Err(Fault::Silent);
        let of = |v4, v6| combine(server, v4, v6);
        assert_eq!(of(Some(address()), None), found());
        assert_eq!(of(Some(silent()), Some(address())), found());
        assert_eq!(of(Some(none()), Some(address())), found());
        assert_eq!(of(Some(Ok(Answer::NoSuchName)), None), Ok(Outcome::NoSuchName));
        let unknown = || Ok(Answer::NoSuchName);
        assert_eq!(of(Some(address()), Some(unknown())), found());
        assert_eq!(of(Some(unknown()), Some(address())), found());
        assert_eq!(of(Some(unknown()), Some(silent())), Ok(Outcome::NoSuchName));
        assert_eq!(of(Some(none()), Some(unknown())), Ok(Outcome::NoAddress));
        assert_eq!(of(Some(none()), Some(none())), Ok(Outcome::NoAddress));
        assert_eq!(
            of(Some(silent()), Some(none())),
            Ok(Outcome::Unknown { why: "nameserver 10.0.0.1 did not answer in time".into(), failed: false })
        );
        assert_eq!(of(Some(silent()), Some(silent())), Err(Fault::Silent));
    }
}
