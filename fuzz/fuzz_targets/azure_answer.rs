//! What Microsoft Entra answers, and what is made of it.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::plan::Target;
use oidc_exchange_fuzz::{answer, target, trade};

const ARGUMENTS: [&str; 7] = [
    "azure",
    "--tenant-id",
    "72f988bf-86f1-41af-91ab-2d7cd011db47",
    "--client-id",
    "00001111-aaaa-2222-bbbb-3333cccc4444",
    "--access-token-env",
    "A_TOKEN",
];

static TARGET: LazyLock<Target> = LazyLock::new(|| target(&ARGUMENTS));

libfuzzer_sys::fuzz_target!(|data: &[u8]| trade(&TARGET, answer(data).into_iter().chain(answer(data)).collect()));
