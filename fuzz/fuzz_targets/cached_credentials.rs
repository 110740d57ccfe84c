//! What was kept of an answer for the next run that asks for the same.
#![no_main]

use oidc_exchange::aws::Credentials;
use oidc_exchange::cache::{Entry, Kept};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some(kept) = Entry::parse(text).and_then(|entry| Credentials::read(&entry)) else { return };
    let written = kept.entry().expect("it was read").text();
    let again =
        Entry::parse(written.reveal()).and_then(|entry| Credentials::read(&entry)).expect("it was written here");
    assert_eq!((&again.access_key_id, &again.account), (&kept.access_key_id, &kept.account));
    assert_eq!(again.secret_access_key.reveal(), kept.secret_access_key.reveal());
    assert_eq!(again.session_token.reveal(), kept.session_token.reveal());
    // In whole seconds.
    assert!(again.expiration <= kept.expiration);
});
