//! The `Retry-After` header, with the time of the next attempt.
#![no_main]

use std::time::{Duration, SystemTime};

use oidc_exchange::http::retry::retry_after;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    if let (Some(pause), Ok(seconds)) = (retry_after(text, now), text.parse::<u64>()) {
        assert_eq!(pause, Duration::from_secs(seconds));
    }
});
