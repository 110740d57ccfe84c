//! What ECR and ECR Public answer, and the password that is kept of it.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::plan::Target;
use oidc_exchange_fuzz::{answer, ecr_logins, target};

const HOSTS: [&str; 2] = ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "public.ecr.aws"];

static TARGETS: LazyLock<[Target; 2]> = LazyLock::new(|| {
    HOSTS.map(|host| target(&["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy", "--registry", host]))
});

// The first byte selects which of the two is requested.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Target::Aws(request, _) = &TARGETS[usize::from(first % 2)] else { return };
    ecr_logins(request, answer(rest).into_iter().collect());
});
