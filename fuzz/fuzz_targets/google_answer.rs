//! What Google's STS and IAM Credentials answer, and what is made of it.
#![no_main]

use oidc_exchange::google::exchange;
use oidc_exchange::plan::Wanted;
use oidc_exchange_fuzz::{JOB, answer, check_error, deadline, good, host, network, run, wanted};
use std::sync::LazyLock;

const FEDERATED: &str = r#"{"access_token":"ya29.federated","token_type":"Bearer","expires_in":3600}"#;
const ARGUMENTS: [&str; 8] = [
    "gcp",
    "--provider",
    "projects/1/locations/global/workloadIdentityPools/ci/providers/semaphore",
    "--service-account",
    "deploy@my-proj.iam.gserviceaccount.com",
    "--access-token",
    "--id-token-audience",
    "https://example.com",
];

static WANTED: LazyLock<Wanted> = LazyLock::new(|| wanted(&ARGUMENTS));

// The first byte says at which step the rest is the answer.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((step, rest)) = data.split_first() else { return };
    let Wanted::Google(request) = &*WANTED else { return };
    let before = (*step % 2 == 1).then(|| good(FEDERATED));
    let http = network(before.into_iter().chain(answer(rest)).chain(answer(rest)));
    match run(exchange::exchange(request, &JOB, &http, &host(&[]).clock, deadline())) {
        Ok(_) => {}
        Err(error) => check_error(&error),
    }
});
