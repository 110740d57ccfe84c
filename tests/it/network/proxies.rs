//! A proxy is used only for https to other machines.

use sandbox::aws::Sts;
use sandbox::{DEPLOY_ROLE, Issuer, Job, Sandbox, Tls, trust};

use crate::aws::deploy;
use crate::support::recorder::Recorder;
use crate::support::{Program, expect, stopped};

const ALL: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

#[test]
fn loopback_is_never_a_proxys_business() {
    let tls = Tls::new().unwrap();
    let (clear, secure) = (Sandbox::start().unwrap(), Sandbox::start_tls(&tls).unwrap());
    let proxy = Recorder::start();
    for sandbox in [&clear, &secure] {
        for host in ["127.0.0.1", "localhost"] {
            let program =
                deploy(&["--ca-file", "ca.pem"]).job(sandbox).env("AWS_ENDPOINT_URL_STS", sandbox.aws.url_for(host));
            program.scratch().write("ca.pem", tls.ca_pem());
            let program = ALL.iter().fold(program, |program, name| program.env(name, proxy.url()));
            program.run().exits(0).stderr_is(expect![""]);
        }
    }
    assert_eq!(proxy.seen(), [""; 0]);
}

/// For any spelling of this machine.
#[test]
fn loopback_in_every_spelling() {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::start();
    for host in [
        "localhost",
        "localhost.",
        "LocalHost",
        "a.localhost",
        "a.localhost.",
        "127.0.0.1",
        "127.1",
        "127.0.0.2",
        "0x7f.0.0.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
    ] {
        // No server listens at 127.0.0.2, and the proxy gets no request.
        let bound = if host == "127.0.0.2" { "3s" } else { "40s" };
        let program = elsewhere.job_with(host, &["-v", "--timeout", bound]);
        let output = program.env("HTTPS_PROXY", proxy.url()).env("NO_PROXY", "none.test").run();
        let reached = output.code == Some(0) || output.stderr().contains("said       127.0.0.2:");
        assert!(reached, "{host}\n{}", output.describe());
    }
    assert_eq!(proxy.seen(), [""; 0]);
}

/// An STS behind TLS under names that are not of this machine.
pub(super) struct Elsewhere {
    pub(super) tls: Tls,
    issuer: Issuer,
    pub(super) sts: Sts,
}

impl Elsewhere {
    pub(super) fn start() -> Self {
        let tls = Tls::new().unwrap();
        let issuer = Issuer::start().unwrap();
        let sts = Sts::start_tls(
            &tls.server(&["sts.sandbox.test", "0.0.0.0", "localhost", "a.localhost", "127.0.0.1", "::ffff:127.0.0.1"])
                .unwrap(),
        )
        .unwrap();
        sts.register_provider(sandbox::ACCOUNT, &issuer.url(), &[&issuer.url()]);
        sts.create_role(DEPLOY_ROLE, &trust(&issuer.url(), "StringLike", "*")).unwrap();
        Self { tls, issuer, sts }
    }

    pub(super) fn token(&self) -> String {
        self.issuer.token(&Job::branch("main"))
    }

    pub(super) fn job(&self, host: &str) -> Program<'static> {
        self.job_with(host, &["-v", "--timeout", "40s"])
    }

    pub(super) fn job_with(&self, host: &str, arguments: &[&str]) -> Program<'static> {
        let program = deploy(arguments).args(["--ca-file", "ca.pem"]).token(&self.token());
        program.scratch().write("ca.pem", self.tls.ca_pem());
        program.env("AWS_ENDPOINT_URL_STS", self.sts.url_for(host)).word(&self.sts.port().to_string(), "PORT")
    }
}

#[test]
fn https_to_elsewhere_goes_through_it() {
    let elsewhere = Elsewhere::start();
    for name in &ALL[..4] {
        let proxy = Recorder::proxy();
        elsewhere.job("sts.sandbox.test").env(name, proxy.url()).run().exits(0).stderr_is(expect![[r#"
            oidc-exchange: POST sts.sandbox.test:PORT: 200 in T ms (request ID)
        "#]]);
        let seen = proxy.seen();
        assert_eq!(seen.len(), 1);
        let asked = format!("CONNECT sts.sandbox.test:{} HTTP/1.1\r\n", elsewhere.sts.port());
        assert!(seen[0].starts_with(&asked), "{name}: {}", seen[0]);
    }
}

#[test]
fn its_password_is_for_it_alone() {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::proxy();
    let address = format!("http://me:a-password-of-mine@127.0.0.1:{}", proxy.port());
    let program =
        elsewhere.job("sts.sandbox.test").env("HTTPS_PROXY", address).secret("its password", "a-password-of-mine");
    program.run().exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST sts.sandbox.test:PORT: 200 in T ms (request ID)
    "#]]);
    // "me:a-password-of-mine"
    assert!(
        proxy.seen()[0].to_lowercase().contains("proxy-authorization: basic bwu6ys1wyxnzd29yzc1vzi1taw5l"),
        "{}",
        proxy.seen()[0]
    );
    assert_eq!(elsewhere.sts.requests()[0].header("proxy-authorization"), None);
}

#[test]
fn a_proxy_that_hangs_up() {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::start();
    let address = format!("http://me:a-password-of-mine@127.0.0.1:{}", proxy.port());
    let program = elsewhere.job_with("sts.sandbox.test", &["-v", "--timeout", "3s"]).env("HTTPS_PROXY", address);
    let output = program.secret("its password", "a-password-of-mine").run();
    output.exits(5).stdout_is(&stopped(5));
    assert!(!proxy.seen().is_empty() && elsewhere.sts.requests().is_empty());
}

#[test]
fn what_is_exempt_goes_there_directly() {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::start();
    let at_its_port = format!("0.0.0.0:{}", elsewhere.sts.port());
    for (name, list) in [
        ("NO_PROXY", "0.0.0.0"),
        ("no_proxy", "example.test,0.0.0.0/8"),
        ("NO_PROXY", "*"),
        ("NO_PROXY", at_its_port.as_str()),
    ] {
        let program = elsewhere.job("0.0.0.0").env("HTTPS_PROXY", proxy.url()).env(name, list);
        let output = program.run();
        assert!(output.code == Some(0), "{name}={list}\n{}", output.describe());
    }
    assert_eq!(proxy.seen(), [""; 0]);
    let proxy = Recorder::proxy();
    for list in ["example.test", "0.0.0.0:443", ".0.0.0"] {
        elsewhere.job("0.0.0.0").env("HTTPS_PROXY", proxy.url()).env("NO_PROXY", list).run().exits(0);
    }
    assert_eq!(proxy.seen().len(), 3);
}

/// It is for plain http, which is sent only to loopback and to a host of `--allow-http`.
#[test]
fn the_proxy_for_http_is_not_used() {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::start();
    elsewhere.job("0.0.0.0").env("HTTP_PROXY", proxy.url()).env("http_proxy", proxy.url()).run().exits(0);
    let sandbox = Sandbox::start().unwrap();
    let program =
        deploy(&["--allow-http", "0.0.0.0"]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", sandbox.aws.url_for("0.0.0.0"));
    ALL.iter().fold(program, |program, name| program.env(name, proxy.url())).run().exits(0);
    assert_eq!(proxy.seen(), [""; 0]);
}
