//! What Vault answers to the login, to the question for a mount and to reads, and what is made of it.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use oidc_exchange::emit::{Format, render};
use oidc_exchange::state::StateDir;
use oidc_exchange::plan::Wanted;
use oidc_exchange::vault::exchange::{Opened, fetch};
use oidc_exchange_fuzz::{JOB, answer, check_error, deadline, good, host, network, run, wanted};

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

static WANTED: LazyLock<Wanted> = LazyLock::new(|| wanted(&ARGUMENTS));

// The first byte says at which step the rest is the answer.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((step, rest)) = data.split_first() else { return };
    let Wanted::Vault(request) = &*WANTED else { return };
    let before = [LOGIN, MOUNT].into_iter().take(usize::from(*step % 3)).map(good);
    let (host, job) = (host(&[]), &*JOB);
    let place = StateDir::locate(&host.env).expect("it has no variables");
    let http = network(before.chain(answer(rest)));
    run(async {
        let opened = Opened::default();
        match fetch(request, job, (&http, &host.clock), deadline(), &place, &opened).await {
            Ok(fetched) => {
                let _ = render(Format::Env, &fetched.exports);
                if let Some(token) = fetched.token {
                    // What is to be renewed is found, and not waited for.
                    let _ = tokio::time::timeout(Duration::ZERO, token.renew()).await;
                    token.give_up().await;
                }
            }
            Err(error) => check_error(&error),
        }
    });
});
