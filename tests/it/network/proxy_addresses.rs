//! The address of a proxy, which may contain a password.

use super::names::has_namespaces;
use super::proxies::Elsewhere;
use crate::aws::deploy;
use crate::support::recorder::Recorder;
use crate::support::socks::{Manner, Socks};
use crate::support::{Program, expect, stopped};

/// A part that is not encoded could be read as the host. It is not shown, looked up or used.
#[test]
fn a_password_that_is_not_encoded() {
    for address in [
        "http://jdoe:x@Summer2026/9@proxy.corp.test:3128",
        "http://jdoe:Summer2026/9@proxy.corp.test:3128",
        r"http://jdoe:x@Summer2026\9@proxy.corp.test:3128",
        r"http://jdoe:Summer2026\9@proxy.corp.test:3128",
        "http://jdoe:Summer2026?9@proxy.corp.test:3128",
        "http://jdoe:Summer2026#9@proxy.corp.test:3128",
        "http://jdoe:Summer2026@9@proxy.corp.test:3128",
        "jdoe:Summer2026/9@proxy.corp.test:3128",
        "jdoe:Summer2026://9@proxy.corp.test:3128",
        "socks5h://jdoe:Summer2026/9@proxy.corp.test:1080",
        "http://jdoe:Summer2026 9@proxy.corp.test:3128",
        "http://proxy.corp.test:3128/Summer2026",
        "http://proxy.corp.test:3128?Summer2026",
        "http://proxy.corp.test:3128#Summer2026",
        "http://proxy.corp.test:Summer2026",
        "http://jdoe:x@Summer2026:3128:1",
        "ftp://jdoe:Summer2026@proxy.corp.test",
        "http://jdoe:Summer2026%E9@proxy.corp.test:3128",
        "http://jdoe:Summer2026@",
        "http://jdoe:Summer2026@/",
        "http:///Summer2026",
    ] {
        for variable in ["HTTPS_PROXY", "all_proxy"] {
            let program = deploy(&["-vv"]).token("a.b.c").env(variable, address).word(variable, "VARIABLE");
            let output = program.secret("the password", "Summer2026").run();
            output.exits(2).stdout_is(&stopped(2)).stderr_is(expect![[r#"
                error: VARIABLE is not the address of a proxy

                hint: write it as http://host:port, https://host:port, socks5://host:port or socks5h://host:port
                hint: percent-encode the user and the password as UTF-8: @ is %40, / is %2F, \ is %5C, ? is %3F, # is %23
            "#]]);
        }
    }
}

#[test]
fn an_address_in_every_good_form() {
    let elsewhere = Elsewhere::start();
    for form in [
        "http://127.0.0.1:PORT",
        "HTTP://127.0.0.1:PORT/",
        "127.0.0.1:PORT",
        " http://localhost:PORT ",
        "http://jdoe@127.0.0.1:PORT",
        "http://jdoe:@127.0.0.1:PORT",
        "http://:p@127.0.0.1:PORT",
    ] {
        let proxy = Recorder::proxy();
        let address = form.replace("PORT", &proxy.port().to_string());
        let output = elsewhere.job("sts.sandbox.test").env("HTTPS_PROXY", &address).run();
        assert_eq!((output.code, proxy.seen().len()), (Some(0), 1), "{form}: {}", output.describe());
    }
}

#[test]
fn a_password_that_is_encoded() {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::proxy();
    let address = format!("http://j%40doe:a%2Fb%5Cc%3Fd%23e%40f:g%25@127.0.0.1:{}", proxy.port());
    elsewhere.job("sts.sandbox.test").env("HTTPS_PROXY", address).run().exits(0);
    // "j@doe:a/b\c?d#e@f:g%"
    let head = proxy.seen().remove(0);
    assert!(head.contains("\r\nProxy-Authorization: Basic akBkb2U6YS9iXGM/ZCNlQGY6ZyU=\r\n"), "{head}");
}

#[test]
fn socks() {
    let elsewhere = Elsewhere::start();
    for (kind, host, told) in [
        ("socks5h", "sts.sandbox.test", "sts.sandbox.test"),
        ("socks5", "0.0.0.0", "0.0.0.0"),
        ("socks5h", "0.0.0.0", "0.0.0.0"),
    ] {
        let proxy = Socks::start(Manner::Open);
        for user in ["", "me:anything@"] {
            let address = format!("{kind}://{user}127.0.0.1:{}", proxy.port());
            elsewhere.job(host).env("ALL_PROXY", address).run().exits(0);
        }
        let asked = format!("{told}:{}", elsewhere.sts.port());
        assert_eq!(proxy.seen(), [asked.clone(), asked], "{kind} {host}");
    }
    let proxy = Socks::start(Manner::For("me@home", "a/b"));
    let address = format!("socks5h://me%40home:a%2Fb@127.0.0.1:{}", proxy.port());
    elsewhere.job("sts.sandbox.test").env("ALL_PROXY", address).run().exits(0);
}

/// `socks5://` looks the name up here. It sends the proxy one address after the other, if the reply concerns only the
/// address.
#[test]
fn socks_is_told_every_address() {
    if !has_namespaces() {
        return;
    }
    let elsewhere = Elsewhere::start();
    for (reply, told) in [(1, 2), (3, 2), (4, 2), (5, 2), (6, 2), (8, 2), (2, 1), (7, 1)] {
        let proxy = Socks::start(Manner::ReplyFor("203.0.113.1", reply));
        let script = "mount --bind hosts /etc/hosts; exec \"$@\"";
        let program = Program::new("unshare", ["-rm", "sh", "-ec", script, "sh", env!("CARGO_BIN_EXE_oidc-exchange")]);
        program.scratch().write("hosts", "203.0.113.1 sts.sandbox.test\n203.0.113.2 sts.sandbox.test\n");
        program.scratch().write("ca.pem", elsewhere.tls.ca_pem());
        let output = program
            .args(["aws", "--role-arn", sandbox::DEPLOY_ROLE, "--ca-file", "ca.pem", "--timeout", "20s"])
            .token(&elsewhere.token())
            .env("AWS_ENDPOINT_URL_STS", elsewhere.sts.url_for("sts.sandbox.test"))
            .env("ALL_PROXY", format!("socks5://127.0.0.1:{}", proxy.port()))
            .hands_over()
            .run();
        assert_eq!(output.code, Some(if told == 2 { 0 } else { 5 }), "{reply}: {}", output.describe());
        let port = elsewhere.sts.port();
        let both = [format!("203.0.113.1:{port}"), format!("203.0.113.2:{port}")];
        assert_eq!(proxy.seen(), both[..told], "{reply}");
    }
}
