//! The challenge and the refresh token of an Azure registry, and the password that is kept of them.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::http::Response;
use oidc_exchange::plan::Target;
use oidc_exchange_fuzz::{answer, good, logins, target};
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

const ACCESS: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"an-access-token"}"#;
const REFRESH: &str = r#"{"refresh_token":"e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln"}"#;
const OWN: &str = r#"Bearer realm="https://contoso.azurecr.io/oauth2/token""#;
const FOREIGN: &[u8] = br#"Bearer realm="https://evil.example/oauth2/token", "#;
const ARGUMENTS: [&str; 7] = [
    "azure",
    "--tenant-id",
    "72f988bf-86f1-41af-91ab-2d7cd011db47",
    "--client-id",
    "00001111-aaaa-2222-bbbb-3333cccc4444",
    "--registry",
    "contoso.azurecr.io",
];

static TARGET: LazyLock<Target> = LazyLock::new(|| target(&ARGUMENTS));

/// A challenge with these bytes.
fn challenge(value: &[u8]) -> Response {
    let value = HeaderValue::from_bytes(value).unwrap_or(HeaderValue::from_static(""));
    Response::new(401, HeaderMap::from_iter([(WWW_AUTHENTICATE, value)]), Vec::new())
}

// The first byte selects the use of the rest: the challenge, the same after a foreign one, or the answer to the access token.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((step, rest)) = data.split_first() else { return };
    let (first, second) = match step % 3 {
        0 => (answer(rest), Some(good(REFRESH))),
        1 => (Some(challenge(&[FOREIGN, rest].concat())), Some(good(REFRESH))),
        _ => (Some(challenge(OWN.as_bytes())), answer(rest)),
    };
    let is_granted = logins(&TARGET, [good(ACCESS)].into_iter().chain(first).chain(second).collect());
    assert!(step % 3 != 1 || !is_granted, "the access token was sent after a foreign challenge");
});
