//! Certificates and a private key in PEM: what is read is written and read again, and no error has a part of a key.
#![no_main]

use oidc_exchange::error::Usage;
use oidc_exchange::http::{Bundle, CaFile, Identity};

/// Stands for [`KEY`].
const PLACE: &str = "PLACE";
const KEY: &str = "c2VjcmV0LWtleS1ieXRlcw";

fn check(error: &Usage) {
    let text = format!("{error:?}");
    assert!(!text.contains(KEY) && text.len() < 500, "{text}");
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let text = text.replace(PLACE, KEY);
    match CaFile::from_pem(&text) {
        Ok(file) => assert_eq!(CaFile::from_pem(&file.pem()).ok(), Some(file)),
        Err(error) => check(&error),
    }
    Bundle::from_pem("X", &text).as_ref().map_or_else(check, |_| ());
    if let Err(why) = Identity::from_pem(text.as_bytes(), text.as_bytes()) {
        assert!(!why.contains(KEY) && why.len() < 500, "{why}");
    }
});
