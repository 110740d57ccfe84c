//! The job's token, as the environment holds it.
#![no_main]

use oidc_exchange_fuzz::{check_error, read_token};

libfuzzer_sys::fuzz_target!(|text: &str| match read_token(text) {
    Ok(token) => {
        let claims = token.claims();
        let _ = (claims.presented(), claims.audience(), claims.issuer_host(), claims.job_kind().is_some());
        claims.names().into_iter().for_each(|name| drop(claims.shown(name)));
        claims.expiry().into_iter().chain(claims.issued()).for_each(|time| drop(oidc_exchange::text::time(time)));
    }
    Err(error) => check_error(&error),
});
