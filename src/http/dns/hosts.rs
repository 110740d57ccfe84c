//! Reads `/etc/hosts`.

use std::net::IpAddr;

/// The addresses of `host` in a hosts(5) file, in its order.
pub(super) fn listed(file: &str, host: &str) -> Vec<IpAddr> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut found = Vec::new();
    for line in file.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        // An address with a zone (`fe80::1%eth0`) is ignored, as in glibc.
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
        let file = "# 10.0.0.1 vault\n127.0.0.1 localhost\n10.0.0.2\tvault.test VAULT # main\n10.0.0.3 vault\nnonsense vault\nfe80::1%lo vault\n::1 vault\n10.0.0.2 vault\n";
        let expected: Vec<IpAddr> =
            vec!["10.0.0.2".parse().unwrap(), "10.0.0.3".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(listed(file, "Vault"), expected);
        assert_eq!(listed(file, "vault."), expected);
        assert!(listed(file, "other").is_empty());
    }
}
