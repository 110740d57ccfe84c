//! The variables of a proxy: its address, the hosts without it, and a host, one a line.
#![no_main]

use oidc_exchange::http::Proxies;
use reqwest::Url;

/// Stands for [`PASSWORD`].
const PLACE: &str = "PASSWORD";
const PASSWORD: &str = "hunter2-hunter2";

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n').map(|line| line.replace(PLACE, PASSWORD));
    let (address, exempt, host) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default(), lines.next());
    let proxies = match Proxies::named("HTTPS_PROXY", &address, &exempt) {
        Ok(proxies) => proxies,
        Err(error) => return assert!(!format!("{error:?}").contains(PASSWORD), "{error}"),
    };
    let elsewhere = |place: &str| place.contains(PASSWORD) || exempt.contains(PASSWORD);
    let is_of_user = address.rsplit_once('@').is_some_and(|(_, place)| !elsewhere(place));
    assert!(!is_of_user || !format!("{proxies:?}").contains(PASSWORD), "{proxies:?}");
    let is_plain = |host: &str| host.starts_with(|c: char| c.is_ascii_alphanumeric()) && !host.contains([',', '*']);
    let url = host.and_then(|host| Url::parse(&format!("https://{host}/")).ok());
    let Some((url, host)) = url.and_then(|url| url.host_str().map(str::to_owned).map(|host| (url, host))) else {
        return;
    };
    let direct = |exempt: &str| {
        let proxies = Proxies::named("HTTPS_PROXY", &address, exempt).expect("the address was accepted");
        proxies.for_url(&url).is_none()
    };
    assert!(direct(&format!("{exempt},*")));
    assert!(!is_plain(&host) || direct(&format!("{exempt},{host}")), "{host}");
    match proxies.for_url(&url) {
        None => assert!(direct(&format!("{exempt},x.test"))),
        Some(proxy) => {
            let shown = proxy.to_string();
            assert!(!is_of_user || !shown.contains(PASSWORD), "{shown}");
            let theirs = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            if let Some(theirs) = theirs.filter(|_| address.contains("://")) {
                let port = theirs.port_or_known_default().unwrap_or_default();
                assert_eq!(shown, format!("{}:{port}", theirs.host_str().unwrap_or_default()));
            }
        }
    }
});
