//! What AWS STS answers, in XML, and what is made of it.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::plan::Target;
use oidc_exchange_fuzz::{answer, target, trade};

const ROLES: [&str; 2] = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::210987654321:role/next"];

static TARGET: LazyLock<Target> =
    LazyLock::new(|| target(&["aws", "--role-arn", ROLES[0], "--chain-role-arn", ROLES[1]]));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Both of them get it: the first one's session signs for the second.
    trade(&TARGET, answer(data).into_iter().chain(answer(data)).collect());
});
