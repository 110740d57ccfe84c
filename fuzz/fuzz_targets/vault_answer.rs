//! Vault's answers to the login, to the request for a mount and to reads, and their results.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::plan::Target;
use oidc_exchange_fuzz::{answer, good, target, trade};

const LOGIN: &str = r#"{"auth":{"client_token":"hvs.0123456789","accessor":"a","policies":["ci"],"lease_duration":900,"renewable":true}}"#;
const MOUNT: &str = r#"{"data":{"path":"secret/","type":"kv","options":{"version":"2"}}}"#;
const ARGUMENTS: [&str; 8] = [
    "vault",
    "--addr",
    "https://vault.test",
    "A=secret/a?default=x#a",
    "B=secret/a#/b/c",
    "C=secret/a?optional&base64#c",
    "D=secret/a",
    "E_=secret/a?optional#*",
];

static TARGET: LazyLock<Target> = LazyLock::new(|| target(&ARGUMENTS));

// The first byte selects the step whose answer the rest is.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((step, rest)) = data.split_first() else { return };
    let before = [LOGIN, MOUNT].into_iter().take(usize::from(*step % 3)).map(good);
    trade(&TARGET, before.chain(answer(rest)).collect());
});
