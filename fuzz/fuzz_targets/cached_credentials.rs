//! The answer to a tool that was kept for the next one.
#![no_main]

use oidc_exchange::aws::process;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(credentials) = process::parse(text) {
        let _ = process::answer(&credentials);
    }
});
