//! What ECR and ECR Public answer, and the password that is kept of it.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::aws::{AccountId, Credentials, ecr};
use oidc_exchange::exchange::Given;
use oidc_exchange::http::Client;
use oidc_exchange::plan::Target;
use oidc_exchange::secret::Secret;
use oidc_exchange::state::StateDir;
use oidc_exchange_fuzz::{JOB, answer, check_error, check_login, deadline, host, run, target};

const HOSTS: [&str; 2] = ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "public.ecr.aws"];

static TARGETS: LazyLock<[Target; 2]> = LazyLock::new(|| {
    HOSTS.map(|host| target(&["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy", "--registry", host]))
});

// The first byte selects which of the two is requested.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Target::Aws(request, _) = &TARGETS[usize::from(first % 2)] else { return };
    let (host, http) = (host(&[]), Client::fake(answer(rest)));
    let place = StateDir::locate(&host.env).expect("it has no variables");
    let credentials = Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
        session_token: Secret::new("a session".into()),
        expiration: host.clock.now(),
        account: AccountId::parse("x", "123456789012").expect("it is one"),
        confirmed: true,
    };
    let given = Given { token: &JOB, http: &http, host: &host, deadline: deadline(), place: &place };
    let logins = run(async {
        let registries = ecr::registries(request, &given).await?;
        ecr::logins(request, &registries, &credentials, &given).await
    });
    match logins {
        Ok(logins) => logins.into_iter().for_each(check_login),
        Err(error) => check_error(&error),
    }
});
