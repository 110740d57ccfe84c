//! What was kept of an answer for the next run that asks for the same.
#![no_main]

use oidc_exchange::aws::Credentials;
use oidc_exchange::cache::{Entry, Kept};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(credentials) = Entry::parse(text).and_then(|entry| Credentials::read(&entry)) {
        let _ = credentials.entry();
    }
});
