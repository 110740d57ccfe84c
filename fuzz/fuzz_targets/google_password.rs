//! What Google answers, as the password of its registries.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::plan::Target;
use oidc_exchange_fuzz::{answer, good, logins, target};

const FEDERATED: &str = r#"{"access_token":"ya29.federated","token_type":"Bearer","expires_in":3600}"#;
const ARGUMENTS: [&str; 9] = [
    "gcp",
    "--provider",
    "projects/1/locations/global/workloadIdentityPools/ci/providers/semaphore",
    "--service-account",
    "deploy@my-proj.iam.gserviceaccount.com",
    "--registry",
    "gcr.io",
    "--registry",
    "europe-west1-docker.pkg.dev",
];

static TARGET: LazyLock<Target> = LazyLock::new(|| target(&ARGUMENTS));

// The first byte selects the step whose answer the rest is.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((step, rest)) = data.split_first() else { return };
    let before = (*step % 2 == 1).then(|| good(FEDERATED));
    logins(&TARGET, before.into_iter().chain(answer(rest)).chain(answer(rest)).collect());
});
