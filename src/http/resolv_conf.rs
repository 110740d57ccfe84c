//! Parses `/etc/resolv.conf` like glibc: unknown parts are ignored.
//!
//! Source: resolv.conf(5), and glibc's `res_vinit_1` and `res_setoptions` for the details.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The resolver's settings.
///
/// ```
/// use oidc_exchange::http::resolv_conf::ResolvConf;
///
/// let conf = ResolvConf::parse("nameserver 10.0.0.2\noptions ndots:2\n", "runner.corp.example");
/// assert_eq!(conf.nameservers.len(), 1);
/// assert_eq!(conf.ndots, 2);
/// assert_eq!(conf.search, ["corp.example"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    /// The servers to query, in order; never empty.
    pub nameservers: Vec<Nameserver>,
    /// Suffixes for short names.
    pub search: Vec<String>,
    /// For a name with fewer dots, the suffixes are tried first.
    pub ndots: usize,
    /// The timeout of the first nameserver for one query.
    pub timeout: Duration,
    /// The number of rounds over all nameservers.
    pub attempts: usize,
    /// Whether the first nameserver is chosen at random.
    pub rotate: bool,
    /// Whether queries are sent only over TCP.
    pub use_vc: bool,
}

/// A `nameserver` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nameserver {
    /// Its address.
    pub address: IpAddr,
    /// The zone of a link-local address: an interface's name or index (`eth0` in `fe80::1%eth0`).
    pub zone: Option<String>,
}

impl ResolvConf {
    /// Parses `text`, the file's content; empty if there is no such file. The default nameserver is the local one.
    /// The default search list is the domain of `host_name`, the name of this machine.
    #[must_use]
    pub fn parse(text: &str, host_name: &str) -> Self {
        /// MAXNS in glibc's resolv.h.
        const MOST_NAMESERVERS: usize = 3;
        let domain = host_name.split_once('.').map(|(_, domain)| domain.to_owned());
        let mut conf = Self {
            nameservers: Vec::new(),
            search: domain.into_iter().filter(|domain| !domain.is_empty()).collect(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            rotate: false,
            use_vc: false,
        };
        for line in text.split('\n') {
            // glibc keeps a carriage return and then ignores the line. musl removes it, and so does this code.
            let line = line.strip_suffix('\r').unwrap_or(line);
            let line = line.split('\0').next().unwrap_or_default();
            let Some((keyword, rest)) = line.split_once(BLANK) else { continue };
            let mut words = rest.split(BLANK).filter(|word| !word.is_empty());
            match keyword {
                "nameserver" if conf.nameservers.len() < MOST_NAMESERVERS => {
                    conf.nameservers.extend(words.next().and_then(Nameserver::parse));
                }
                "domain" => conf.search = words.next().map_or(conf.search, |domain| vec![domain.to_owned()]),
                "search" => {
                    let suffixes: Vec<String> = words.map(str::to_owned).collect();
                    if !suffixes.is_empty() {
                        conf.search = suffixes;
                    }
                }
                "options" => conf.options(rest),
                _ => {}
            }
        }
        if conf.nameservers.is_empty() {
            conf.nameservers.push(Nameserver { address: IpAddr::V4(Ipv4Addr::LOCALHOST), zone: None });
        }
        conf
    }

    /// The timeout of the nameserver with the index `place` for one query (`send_dg` in glibc's `res_send.c`).
    #[must_use]
    pub fn wait(&self, place: usize) -> Duration {
        if place == 0 {
            return self.timeout;
        }
        let servers = u32::try_from(self.nameservers.len()).unwrap_or(u32::MAX).max(1);
        let doubled = self.timeout.as_secs().saturating_mul(1 << place.min(8)) / u64::from(servers);
        Duration::from_secs(doubled.max(1))
    }

    /// Parses the rest of an `options` line. Spaces may precede a number after its colon, and text may follow the
    /// number.
    fn options(&mut self, line: &str) {
        let mut rest = line.trim_start_matches(BLANK);
        while !rest.is_empty() {
            self.option(rest);
            let end = rest.find(BLANK).unwrap_or(rest.len());
            rest = rest[end..].trim_start_matches(BLANK);
        }
    }

    /// The limits are glibc's (`RES_MAXNDOTS`, `RES_MAXRETRANS`, `RES_MAXRETRY`). With `attempts:0`, glibc queries no
    /// server; this program queries each one once.
    fn option(&mut self, text: &str) {
        if let Some(number) = text.strip_prefix("ndots:") {
            self.ndots = usize::try_from(leading_number(number)).unwrap_or(usize::MAX).min(15);
        } else if let Some(number) = text.strip_prefix("timeout:") {
            self.timeout = Duration::from_secs(leading_number(number).clamp(1, 30).unsigned_abs());
        } else if let Some(number) = text.strip_prefix("attempts:") {
            self.attempts = usize::try_from(leading_number(number).clamp(1, 5)).unwrap_or(1);
        } else if text.starts_with("rotate") {
            self.rotate = true;
        } else if text.starts_with("use-vc") {
            self.use_vc = true;
        }
    }
}

impl Nameserver {
    /// Parses an IPv4 address in any form that `inet_aton` accepts, or an IPv6 address with or without a zone.
    fn parse(word: &str) -> Option<Self> {
        if let Some(address) = inet_aton(word) {
            return Some(Self { address: address.into(), zone: None });
        }
        let (address, zone) = word.split_once('%').map_or((word, None), |(address, zone)| (address, Some(zone)));
        let address = IpAddr::V6(address.parse().ok()?);
        Some(Self { address, zone: zone.map(str::to_owned) })
    }
}

/// The characters that separate words; other white space does not.
const BLANK: [char; 2] = [' ', '\t'];

/// Like C's `atoi`: text after the number is ignored, and a missing number is zero.
fn leading_number(text: &str) -> i64 {
    let text = text.trim_start_matches(BLANK);
    let (sign, digits) =
        text.strip_prefix('-').map_or((1, text.strip_prefix('+').unwrap_or(text)), |digits| (-1, digits));
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    match &digits[..end] {
        "" => 0,
        digits => sign * digits.parse::<i64>().unwrap_or(i64::from(i32::MAX)),
    }
}

/// One to four parts, each decimal, octal after `0`, or hexadecimal after `0x`. The last part fills the remaining
/// bytes.
fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = text.split('.').map(c_number).collect::<Option<_>>()?;
    let (last, bytes) = parts.split_last()?;
    let left = 4_usize.checked_sub(bytes.len()).filter(|left| *left > 0)?;
    if bytes.iter().any(|byte| *byte > 0xff) || *last >= 1 << (8 * left) {
        return None;
    }
    let high = bytes.iter().fold(0, |value, byte| (value << 8) | byte);
    u32::try_from((high << (8 * left)) | last).ok().map(Ipv4Addr::from)
}

/// A number in C syntax, without a sign.
fn c_number(text: &str) -> Option<u64> {
    let (radix, digits) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None if text.starts_with('0') => (8, text),
        None => (10, text),
    };
    // `from_str_radix` accepts a sign, C's syntax does not.
    let unsigned = digits.chars().all(|c| c.is_digit(radix));
    unsigned.then(|| u64::from_str_radix(digits, radix).ok()).flatten().filter(|number| u32::try_from(*number).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The settings in one line, in the form of the tables below.
    fn read(text: &str) -> String {
        let conf = ResolvConf::parse(text, "box");
        let servers = conf.nameservers.iter().map(|server| match &server.zone {
            None => server.address.to_string(),
            Some(zone) => format!("{}%{zone}", server.address),
        });
        let mut said: Vec<String> = servers.collect();
        if !conf.search.is_empty() {
            said.push(format!("search {}", conf.search.join(" ")));
        }
        if (conf.ndots, conf.timeout.as_secs(), conf.attempts) != (1, 5, 2) {
            said.push(format!("{} {} {}", conf.ndots, conf.timeout.as_secs(), conf.attempts));
        }
        said.extend(conf.rotate.then(|| "rotate".into()));
        said.extend(conf.use_vc.then(|| "use-vc".into()));
        said.join(", ")
    }

    #[test]
    fn a_machine_without_the_file_asks_itself_and_nobody_else() {
        assert_eq!(read(""), "127.0.0.1");
    }

    #[test]
    fn what_a_real_file_holds_is_read_and_the_rest_passed_over() {
        assert_eq!(
            read(
                "; made by a tool\nnameserver 10.0.0.2 # near\nnameserver not-an-address\nnameserver ::1\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n\
                 domain old.example\nsearch a.example b.example\noptions edns0 trust-ad ndots:5 timeout:99 attempts:0 rotate\nsortlist 10.0.0.0\n",
            ),
            "10.0.0.2, ::1, 10.0.0.3, search a.example b.example, 5 30 1, rotate"
        );
    }

    /// The right column is the result of `res_ninit` of glibc 2.36, except for the two marked rows.
    #[test]
    fn a_line_is_read_as_glibc_reads_it() {
        for (text, expected) in [
            ("nameserver 127.1", "127.0.0.1"),
            ("nameserver 0177.0.0.1\nnameserver 0x7f.1\nnameserver 0X0a000001", "127.0.0.1, 127.0.0.1, 10.0.0.1"),
            ("nameserver 167772161\nnameserver 10.0.258\nnameserver 1.2.3.4.", "10.0.0.1, 10.0.1.2"),
            ("nameserver 00000000010.0.0.1\nnameserver 08.1.1.1", "8.0.0.1"),
            (
                "nameserver 256.1.1.1\nnameserver 1.2.65536\nnameserver 4294967296\nnameserver 4294967295",
                "255.255.255.255",
            ),
            ("nameserver 0x\nnameserver 1..2\nnameserver .1\nnameserver -1\nnameserver +1", "127.0.0.1"),
            (" nameserver 10.0.0.1\n\tnameserver 10.0.0.2\nnameserver\t 10.0.0.3\t", "10.0.0.3"),
            ("nameserver 10.0.0.1;x\nnameserver 10.0.0.2#y\nnameserver 10.0.0.3 #z\n", "10.0.0.3"),
            ("Nameserver 10.0.0.1\nnameserver\u{b}10.0.0.1\nnameserver 10.0.0.2:53\n", "127.0.0.1"),
            ("nameserver 10.0.0.1\u{b}\nnameserver 10.0.0.2\0x", "10.0.0.2"),
            ("\u{feff}nameserver 10.0.0.1\nnameserver 10.0.0.2", "10.0.0.2"),
            ("nameserver bad\nnameserver 1\nnameserver 2\nnameserver 3\nnameserver 4", "0.0.0.1, 0.0.0.2, 0.0.0.3"),
            ("nameserver fe80::1%eth0\nnameserver ::1%7\nnameserver fe80::1%", "fe80::1%eth0, ::1%7, fe80::1%"),
            (
                "nameserver [::1]\nnameserver ::1:53\nnameserver ::ffff:10.0.0.1\nnameserver ::ffff:127.1",
                "::1:53, ::ffff:10.0.0.1",
            ),
            ("search a.example b.example\ndomain c.example d.example", "127.0.0.1, search c.example"),
            (
                "domain c.example\nsearch a.example\tb.example\nsearch\nsearch \ndomain ",
                "127.0.0.1, search a.example b.example",
            ),
            ("search a.example;b #d\n;search e\n#search f\n", "127.0.0.1, search a.example;b #d"),
            ("options ndots:3x timeout:7s attempts:4a", "127.0.0.1, 3 7 4"),
            ("options ndots:+3 timeout:+7 attempts:+4", "127.0.0.1, 3 7 4"),
            ("options ndots: 3 timeout:\t9", "127.0.0.1, 3 9 2"),
            ("options ndots:2;timeout:9", "127.0.0.1, 2 5 2"),
            ("options ndots:x\noptions timeout:3\noptions timeout:4", "127.0.0.1, 0 4 2"),
            ("options ndots:99999999999 timeout:999 attempts:6", "127.0.0.1, 15 30 5"),
            ("options ndots:-1 timeout:-1", "127.0.0.1, 15 1 2"),
            ("options rotatexyz use-vc Rotate NDOTS:3", "127.0.0.1, rotate, use-vc"),
            ("optionsndots:2\n options ndots:3\n#options ndots:4", "127.0.0.1"),
            // glibc would query no server.
            ("options attempts:0", "127.0.0.1, 1 5 1"),
            // This is musl's result. glibc uses 127.0.0.1 and a suffix with a carriage return.
            ("nameserver 10.0.0.1\r\nsearch a.example\r\noptions timeout:3\r", "10.0.0.1, search a.example, 1 3 2"),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn without_a_search_list_it_is_the_domain_of_this_machine() {
        let search = |text, name| ResolvConf::parse(text, name).search;
        assert_eq!(search("", "box.corp.example"), ["corp.example"]);
        assert_eq!(search("search .", "box.corp.example"), ["."]);
        assert!(search("", "box").is_empty() && search("", "box.").is_empty() && search("", "").is_empty());
    }

    #[test]
    fn a_later_nameserver_has_a_share_of_the_doubled_time() {
        let waits = |text| {
            let conf = ResolvConf::parse(text, "");
            (0..conf.nameservers.len()).map(|place| conf.wait(place).as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(waits(""), [5]);
        assert_eq!(waits("nameserver 1\nnameserver 2"), [5, 5]);
        assert_eq!(waits("nameserver 1\nnameserver 2\nnameserver 3"), [5, 3, 6]);
        assert_eq!(waits("nameserver 1\nnameserver 2\nnameserver 3\noptions timeout:1"), [1, 1, 1]);
    }

    proptest! {
        #[test]
        fn any_text_is_within_the_bounds(text: String, name: String) {
            let conf = ResolvConf::parse(&text, &name);
            prop_assert!((1..=3).contains(&conf.nameservers.len()));
            prop_assert!(conf.ndots <= 15 && (1..=5).contains(&conf.attempts) && (1..=30).contains(&conf.timeout.as_secs()));
        }

        #[test]
        fn an_address_is_itself_in_every_form(address: [u8; 4], parts in 1_usize..=4, radix in 0..3) {
            let number = |value: u32| match radix {
                0 => value.to_string(),
                1 => format!("0{value:o}"),
                _ => format!("0x{value:X}"),
            };
            let (bytes, rest) = address.split_at(parts - 1);
            let last = rest.iter().fold(0, |value, byte| (value << 8) | u32::from(*byte));
            let written: Vec<String> = bytes.iter().map(|byte| number((*byte).into())).chain([number(last)]).collect();
            prop_assert_eq!(inet_aton(&written.join(".")), Some(Ipv4Addr::from(address)), "{:?}", written);
        }

        #[test]
        fn options_are_read_between_others(ndots in 0_usize..40, timeout in 0_u64..40, attempts in 0_usize..9, blank in "[ \t]{1,3}") {
            let text = format!("options edns0{blank}ndots:{ndots}{blank}x:1{blank}timeout:{timeout}{blank}attempts:{attempts}\n");
            let conf = ResolvConf::parse(&text, "");
            prop_assert_eq!(conf.ndots, ndots.min(15));
            prop_assert_eq!(conf.timeout.as_secs(), timeout.clamp(1, 30));
            prop_assert_eq!(conf.attempts, attempts.clamp(1, 5));
        }
    }
}
