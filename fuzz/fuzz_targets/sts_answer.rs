//! What AWS STS answers, in XML, and what is made of it.
#![no_main]

use oidc_exchange::aws::{exchange, process};
use oidc_exchange::plan::Wanted;
use oidc_exchange_fuzz::{JOB, answer, check_error, deadline, host, network, run, wanted};
use std::sync::LazyLock;

const ROLES: [&str; 2] = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::210987654321:role/next"];

static WANTED: LazyLock<Wanted> =
    LazyLock::new(|| wanted(&["aws", "--role-arn", ROLES[0], "--chain-role-arn", ROLES[1]]));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Wanted::Aws(request, _) = &*WANTED else { return };
    // Both of them get it: the first one's session signs for the second.
    let http = network(answer(data).into_iter().chain(answer(data)));
    match run(exchange::credentials(request, &JOB, &http, &host(&[]).clock, deadline())) {
        Ok(credentials) => drop(process::handout(&credentials)),
        Err(error) => check_error(&error),
    }
});
