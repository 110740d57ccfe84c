//! What docker asks its credential helper for, and a registry's private file.
#![no_main]

use oidc_exchange::registry::{Kept, host_name, server_of};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let server = server_of(text.trim());
    assert!(text.contains(server));
    if host_name("x", server, "gcr.io", |_| true).is_ok() {
        for address in ["https://HOST", "http://HOST/", "https://HOST/v2/", "HOST/v1", "HOST"] {
            assert_eq!(server_of(&address.replace("HOST", server)), server);
        }
    }
    if let Some(kept) = Kept::parse(text) {
        let again = Kept::parse(kept.text().reveal()).expect("it was written here");
        assert_eq!((again.server, again.renewal), (kept.server, kept.renewal));
        assert_eq!(again.password.secret.reveal(), kept.password.secret.reveal());
        assert_eq!(again.password.expires, kept.password.expires);
    }
});
