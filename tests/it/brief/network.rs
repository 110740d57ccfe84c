//! Hosts that cannot be reached, and what answers in their place.

use sandbox::{CLIENT, DEPLOY_ROLE, Fault, PROVIDER, Sandbox, TENANT, Tls};

use super::Runs;
use crate::aws::deploy;
use crate::support::oidc_exchange;
use crate::support::recorder::{Recorder, closed_port};

const CLOUDS: [(&str, &[&str]); 4] = [
    ("AWS", &["aws", "--role-arn", DEPLOY_ROLE]),
    ("Google", &["gcp", "--provider", PROVIDER]),
    ("Azure", &["azure", "--tenant-id", TENANT, "--client-id", CLIENT]),
    ("Vault", &["vault", "--role", "ci", "A=secret/production/db#password"]),
];

/// Each cloud's address.
fn at(address: &str) -> [(&'static str, &'static str, String); 4] {
    [
        ("AWS", "AWS_ENDPOINT_URL_STS", address.to_owned()),
        ("Google", "", address.to_owned()),
        ("Azure", "AZURE_AUTHORITY_HOST", address.to_owned()),
        ("Vault", "VAULT_ADDR", address.to_owned()),
    ]
}

#[test]
fn of_every_cloud() {
    let mut runs = Runs::default();
    let sandbox = Sandbox::start().unwrap();
    let tls = Sandbox::start_tls(&Tls::new().unwrap()).unwrap();
    let page = Recorder::saying(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<html>Hi</html",
    );
    let moved = Recorder::saying(
        "HTTP/1.1 302 Found\r\nLocation: https://sso.corp.test/login?continue=https%3A%2F%2Fsts.example.com%2F\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let closed = format!("http://127.0.0.1:{}", closed_port());
    let plain = sandbox.aws.url().replace("http:", "https:");
    for (kind, address) in [
        ("a closed port", closed),
        ("a host that does not exist", "https://vault-production.invalid".to_owned()),
        ("plain http", plain),
        ("an authority that is not trusted", tls.aws.url()),
        ("a page", format!("http://127.0.0.1:{}", page.port())),
        ("a redirect", format!("http://127.0.0.1:{}", moved.port())),
    ] {
        for ((cloud, words), (_, variable, address)) in CLOUDS.into_iter().zip(at(&address)) {
            let line = oidc_exchange(words).args(["--timeout", "2s"]).job(&sandbox);
            let line = if variable.is_empty() {
                line.args(["--sts-endpoint", &address])
            } else {
                line.env(variable, &address)
            };
            runs.add(&format!("{cloud}: {kind}"), 5, &line.run());
        }
    }
    runs.are_short(24);
}

#[test]
fn of_connections() {
    let mut runs = Runs::default();
    let sandbox = Sandbox::start().unwrap();
    for (kind, fault) in [
        ("a reset", Fault::ResetBeforeHeaders),
        ("half an answer", Fault::TruncatedBody),
        ("no answer", Fault::Hang),
        ("an endless answer", Fault::EndlessBody),
        ("another status", Fault::status(403)),
        ("an empty answer", Fault::status(200)),
    ] {
        sandbox.aws.always(fault);
        runs.add(kind, 5, &deploy(&["--timeout", "2s"]).job(&sandbox).run());
    }
    let proxied = |address: &str| {
        deploy(&["--timeout", "2s"]).job(&sandbox).env_remove("AWS_ENDPOINT_URL_STS").env("HTTPS_PROXY", address)
    };
    for (kind, answer) in [
        ("a proxy with a password", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
        ("a proxy that forbids", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
        ("a proxy that fails", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        ("a proxy that is none", "SSH-2.0-OpenSSH_9.2\r\n"),
    ] {
        let proxy = Recorder::saying(answer);
        runs.add(kind, 5, &proxied(&format!("http://127.0.0.1:{}", proxy.port())).run());
    }
    runs.add("a proxy that is down", 5, &proxied(&format!("http://127.0.0.1:{}", closed_port())).run());
    runs.add("a proxy that does not exist", 5, &proxied("http://proxy.invalid:3128").run());
    runs.are_short(12);
}
