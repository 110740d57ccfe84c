//! The resolver's file.
#![no_main]

use oidc_exchange::http::resolv_conf::ResolvConf;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let conf = ResolvConf::parse(text, "box.corp.example");
    assert!((1..=3).contains(&conf.nameservers.len()));
    assert!(conf.ndots <= 15 && (1..=5).contains(&conf.attempts) && (1..=30).contains(&conf.timeout.as_secs()));
});
