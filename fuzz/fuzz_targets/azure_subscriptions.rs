//! What Azure Resource Manager answers about subscriptions, and the profile that az gets of it.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::plan::Target;
use oidc_exchange_fuzz::{answer, good, target, trade};

const GRANTED: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ0.x.y"}"#;
const ARGUMENTS: [&str; 6] = [
    "azure",
    "--tenant-id",
    "72f988bf-86f1-41af-91ab-2d7cd011db47",
    "--client-id",
    "00001111-aaaa-2222-bbbb-3333cccc4444",
    "--az",
];

static TARGET: LazyLock<Target> = LazyLock::new(|| target(&ARGUMENTS));

libfuzzer_sys::fuzz_target!(|data: &[u8]| trade(&TARGET, [good(GRANTED)].into_iter().chain(answer(data)).collect()));
