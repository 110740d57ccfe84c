//! `/etc/resolv.conf`, read as libc reads it: what is not understood is passed over.
//!
//! Source: resolv.conf(5).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The resolver's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    /// Whom to ask, in order; never empty.
    pub nameservers: Vec<IpAddr>,
    /// Suffixes for short names.
    pub search: Vec<String>,
    /// A name with fewer dots is tried with the suffixes first.
    pub ndots: usize,
    /// For one question to one nameserver.
    pub timeout: Duration,
    /// Rounds over all nameservers.
    pub attempts: usize,
}

impl ResolvConf {
    /// Reads `text`, the file's content or nothing where there is no such file. Without a nameserver it is
    /// the local one, as libc has it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        /// MAXNS in glibc's resolv.h.
        const MOST_NAMESERVERS: usize = 3;
        let mut conf = Self {
            nameservers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
        };
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if conf.nameservers.len() < MOST_NAMESERVERS => {
                    // A scope (fe80::1%eth0) cannot be carried in an `IpAddr`; such a server is passed over.
                    conf.nameservers.extend(words.next().and_then(|address| address.parse::<IpAddr>().ok()));
                }
                Some("search" | "domain") => conf.search = words.map(str::to_owned).collect(),
                Some("options") => words.for_each(|option| conf.option(option)),
                _ => {}
            }
        }
        if conf.nameservers.is_empty() {
            conf.nameservers.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        conf
    }

    /// The bounds are libc's own (`RES_MAXNDOTS`, `RES_MAXRETRANS`, `RES_MAXRETRY`).
    fn option(&mut self, option: &str) {
        let Some((name, value)) = option.split_once(':') else { return };
        let Ok(value) = value.parse::<u64>() else { return };
        match name {
            "ndots" => self.ndots = usize::try_from(value.min(15)).unwrap_or(15),
            "timeout" => self.timeout = Duration::from_secs(value.clamp(1, 30)),
            "attempts" => self.attempts = usize::try_from(value.clamp(1, 5)).unwrap_or(5),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_the_file_asks_itself_and_nobody_else() {
        assert_eq!(ResolvConf::parse("").nameservers, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }

    #[test]
    fn what_a_real_file_holds_is_read_and_the_rest_passed_over() {
        let conf = ResolvConf::parse(
            "; made by a tool\nnameserver 10.0.0.2 # near\nnameserver not-an-address\nnameserver fe80::1%eth0\nnameserver ::1\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n\
             domain old.example\nsearch a.example b.example\noptions edns0 trust-ad ndots:5 timeout:99 attempts:0 rotate\nsortlist 10.0.0.0\n",
        );
        assert_eq!(
            conf.nameservers,
            ["10.0.0.2".parse::<IpAddr>().unwrap(), "::1".parse().unwrap(), "10.0.0.3".parse().unwrap()]
        );
        assert_eq!(conf.search, ["a.example", "b.example"]);
        assert_eq!((conf.ndots, conf.timeout, conf.attempts), (5, Duration::from_secs(30), 1));
    }
}
