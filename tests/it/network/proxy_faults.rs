//! A proxy that opens no connection: the error names it with its answer. It is retried only if that can help.

use std::time::Duration;

use super::proxies::Elsewhere;
use super::unreachable;
use crate::support::recorder::{Recorder, closed_port};
use crate::support::socks::{Manner, Socks};
use crate::support::{Output, Program, expect};

/// An answer to CONNECT, and the number of requests in a run.
fn answered(answer: &'static str) -> (Output, usize) {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::saying(answer);
    let address = format!("http://me:a-password-of-mine@127.0.0.1:{}", proxy.port());
    let program = job(&elsewhere, proxy.port()).env("HTTPS_PROXY", address);
    let output = program.secret("its password", "a-password-of-mine").run();
    assert!(elsewhere.sts.requests().is_empty());
    (output, proxy.seen().len())
}

/// The error about the proxy.
#[track_caller]
fn assert_said(output: &Output, said: &str) {
    output.exits(5);
    let told = output.told();
    assert!(told.contains(&format!("said       the proxy 127.0.0.1:PROXY {said}")), "{said}: {told}");
}

fn job(elsewhere: &Elsewhere, proxy: u16) -> Program<'static> {
    elsewhere.job_with("sts.sandbox.test", &["-q", "--timeout", "3s"]).word(&proxy.to_string(), "PROXY")
}

#[test]
fn a_user_that_it_does_not_take() {
    let (output, asked) = answered("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    output.exits(5).stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the proxy 127.0.0.1:PROXY answered 407 to CONNECT sts.sandbox.test:PORT
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: write the proxy's user and password, percent-encoded, before its host in HTTPS_PROXY: USER:PASSWORD@HOST:PORT
    "#]]);
    assert_eq!(asked, 1, "an account is not locked");
}

#[test]
fn a_way_to_sign_in_that_is_not_basic() {
    for offers in ["Negotiate", "Digest realm=\"x\"\r\nproxy-authenticate: NTLM"] {
        let answer = format!("HTTP/1.1 407 No\r\nProxy-Authenticate: {offers}\r\nContent-Length: 0\r\n\r\n");
        let (output, asked) = answered(answer.leak());
        output.exits(5).stderr_is(expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the proxy 127.0.0.1:PROXY answered 407, and does not offer Basic authentication
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: run a proxy on this machine that signs in to that one, or have Basic authentication allowed there
        "#]]);
        assert_eq!(asked, 1);
    }
    for offers in ["BASIC realm=\"x\"", "Negotiate\r\nProxy-Authenticate: Basic", "Digest a=b, Basic realm=\"x\""] {
        let answer = format!("HTTP/1.1 407 No\r\nProxy-Authenticate: {offers}\r\nContent-Length: 0\r\n\r\n");
        assert_said(&answered(answer.leak()).0, "answered 407 to CONNECT");
    }
}

/// A `socks5://` proxy gets an address, so this machine needs the name.
#[test]
fn a_name_that_only_the_proxy_could_look_up() {
    let elsewhere = Elsewhere::start();
    let program = elsewhere.job_with("unknown.invalid", &["-q", "--timeout", "3s"]);
    let output = program.env("HTTPS_PROXY", "socks5://127.0.0.1:1").run();
    let told = output.exits(5).told();
    assert!(told.contains("said       no such host: unknown.invalid"), "{told}");
    assert!(
        told.ends_with(
            "hint: write socks5h:// in HTTPS_PROXY: then the proxy looks up unknown.invalid, not this machine\n"
        ),
        "{told}"
    );
}

#[test]
fn a_host_that_it_does_not_allow() {
    let (output, asked) = answered("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>no</html>");
    output.exits(5).stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the proxy 127.0.0.1:PROXY answered 403 to CONNECT sts.sandbox.test:PORT
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: have that host allowed by the proxy that HTTPS_PROXY names, or list sts.sandbox.test:PORT in NO_PROXY if this machine needs no proxy for it
    "#]]);
    assert_eq!(asked, 1);
}

#[test]
fn what_is_asked_once() {
    for (answer, said) in [
        ("HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n", "answered 302 to CONNECT"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "answered 400 to CONNECT"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "answered 404 to CONNECT"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "answered 101 to CONNECT"),
        ("HTTP/1.1 511 Network Authentication Required\r\n\r\n", "answered 511 to CONNECT"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "did not answer CONNECT"),
        ("HTTP/2 200\r\n\r\n", "did not answer CONNECT"),
    ] {
        let (output, asked) = answered(answer);
        assert_said(&output, said);
        assert_eq!(asked, 1, "{answer}");
    }
}

#[test]
fn what_is_asked_again() {
    for (answer, said) in [
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "answered 502 to CONNECT"),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "answered 503 to CONNECT"),
        ("HTTP/1.0 504 Gateway Timeout\n\n", "answered 504 to CONNECT"),
        ("HTTP/1.1 200 Conn", "closed the connection to sts.sandbox.test:PORT"),
        ("", "closed the connection to sts.sandbox.test:PORT"),
    ] {
        let (output, asked) = answered(answer);
        assert_said(&output, said);
        assert!(asked > 1, "{answer}: {}", output.told());
    }
}

#[test]
fn one_that_does_not_listen() {
    let elsewhere = Elsewhere::start();
    let port = closed_port();
    unreachable(
        job(&elsewhere, port).env("ALL_PROXY", format!("http://me:secret@127.0.0.1:{port}")),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the proxy 127.0.0.1:PROXY refused the connection
              asked for  arn:aws:iam::123456789012:role/deploy
              tried      N attempts in T s

            hint: check the proxy's address in ALL_PROXY, or list sts.sandbox.test:PORT in NO_PROXY if this machine needs no proxy for it
        "#]],
    );
}

#[test]
fn one_that_is_taken_for_another_kind() {
    let elsewhere = Elsewhere::start();
    let proxy = Socks::start(Manner::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    unreachable(
        job(&elsewhere, proxy.port()).env("HTTPS_PROXY", format!("https://127.0.0.1:{}", proxy.port())),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the proxy 127.0.0.1:PROXY does not speak TLS
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: write http:// in HTTPS_PROXY: the connection to the proxy is plain HTTP, and carries TLS to sts.sandbox.test:PORT
        "#]],
    );
    let proxy = Socks::start(Manner::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    unreachable(
        job(&elsewhere, proxy.port()).env("HTTPS_PROXY", format!("socks5h://127.0.0.1:{}", proxy.port())),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the proxy 127.0.0.1:PROXY did not answer as SOCKS 5
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: check the proxy's address and its kind in HTTPS_PROXY: http, https or socks5
        "#]],
    );
}

#[test]
fn socks_that_refuses() {
    let elsewhere = Elsewhere::start();
    for (manner, user, said, again) in [
        (Manner::For("me", "right"), "", "requires a user and a password", false),
        (Manner::For("me", "right"), "me:wrong@", "refused the user and the password", false),
        (Manner::Says(&[5, 0xff]), "me:wrong@", "refused the user and the password", false),
        (Manner::Says(&[4, 0]), "", "did not answer as SOCKS 5", false),
        (
            Manner::Reply(2),
            "",
            "did not connect to sts.sandbox.test:PORT: connection not allowed by its rules (SOCKS reply 2)",
            false,
        ),
        (
            Manner::Reply(8),
            "",
            "did not connect to sts.sandbox.test:PORT: kind of address not supported (SOCKS reply 8)",
            false,
        ),
        (Manner::Reply(1), "", "did not connect to sts.sandbox.test:PORT: general failure (SOCKS reply 1)", true),
        (Manner::Reply(5), "", "did not connect to sts.sandbox.test:PORT: connection refused (SOCKS reply 5)", true),
    ] {
        let proxy = Socks::start(manner);
        let address = format!("socks5h://{user}127.0.0.1:{}", proxy.port());
        let output = job(&elsewhere, proxy.port()).env("HTTPS_PROXY", address).run();
        assert_said(&output, &format!("{said}\n"));
        assert_eq!(proxy.seen().len() > 1, again, "{said}");
    }
}

/// Its answer may take longer than a connection, and may be any success status.
#[test]
fn a_way_that_is_opened_late_or_in_other_words() {
    let elsewhere = Elsewhere::start();
    for (answer, pause) in [
        ("HTTP/1.1 200 Connection established\r\n\r\n", 6),
        ("HTTP/1.1 201 Created\r\n\r\n", 0),
        ("HTTP/1.1 299 \r\nContent-Length: 12\r\n\r\n", 0),
        ("HTTP/1.0 200\n\n", 0),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 0),
    ] {
        let proxy = Recorder::proxy_that(answer, Duration::from_secs(pause));
        let program = elsewhere.job_with("sts.sandbox.test", &["--timeout", "20s"]).env("HTTPS_PROXY", proxy.url());
        let output = program.run();
        assert_eq!((output.code, proxy.seen().len()), (Some(0), 1), "{answer}: {}", output.describe());
    }
}

#[test]
fn one_that_never_answers_is_named() {
    let proxy = Recorder::proxy_that("", Duration::from_mins(5));
    let program = crate::support::oidc_exchange([
        "vault",
        "--addr",
        "https://vault.sandbox.test:8200",
        "--role",
        "ci",
        "A=b/c#d",
    ]);
    let program =
        program.args(["--timeout", "2s", "-v"]).token(&Elsewhere::start().token()).env("VAULT_CLIENT_TIMEOUT", "1s");
    let output = program.env("HTTPS_PROXY", proxy.url()).word(&proxy.port().to_string(), "PROXY").run();
    output.exits(5);
    // With `-v`, a warning is whole.
    let said = "no answer from vault.sandbox.test:8200 through the proxy 127.0.0.1:PROXY within 1 s";
    assert!(output.told().contains(said), "{}", output.told());
}

/// Some proxies answer at once and connect afterwards.
#[test]
fn one_that_opens_a_way_before_it_leads_anywhere() {
    let elsewhere = Elsewhere::start();
    let asked = |pause, bound: &'static str| {
        let proxy = Recorder::proxy_that_connects_after(Duration::from_secs(pause));
        let program = elsewhere.job_with("sts.sandbox.test", &["-q", "--timeout", bound]);
        let program = program.env("HTTPS_PROXY", proxy.url()).word(&proxy.port().to_string(), "PROXY");
        program.run()
    };
    asked(6, "20s").exits(0);
    let output = asked(300, "11s");
    output.exits(5);
    let told = output.told();
    let said = "said       no answer from sts.sandbox.test:PORT through the proxy 127.0.0.1:PROXY within ";
    let hint = "hint: check whether the proxy that HTTPS_PROXY names reaches that host, or list sts.sandbox.test:PORT in \
                NO_PROXY if this machine needs no proxy for it\n";
    assert!(told.contains(said) && told.ends_with(hint), "{told}");
}

/// Also if --timeout ends before the proxy's own time does.
#[test]
fn one_that_is_silent_until_the_timeout_is_named() {
    let elsewhere = Elsewhere::start();
    let silent = Recorder::proxy_that("", Duration::from_mins(5));
    let opened = Recorder::proxy_that_connects_after(Duration::from_mins(5));
    for proxy in [silent, opened] {
        for timeout in ["2s", "500ms"] {
            let program = elsewhere.job_with("sts.sandbox.test", &["-q", "--timeout", timeout]);
            let output = program.env("HTTPS_PROXY", proxy.url()).word(&proxy.port().to_string(), "PROXY").run();
            output.exits(5);
            let said = "said       no answer from sts.sandbox.test:PORT through the proxy 127.0.0.1:PROXY within ";
            assert!(output.told().contains(said), "{}", output.told());
            let hint =
                "hint: check whether the proxy that HTTPS_PROXY names reaches that host, or list sts.sandbox.test:PORT";
            assert!(output.told().contains(hint), "{}", output.told());
        }
    }
}

/// `NO_PROXY` has no effect if a provider's own variable names the proxy.
#[test]
fn one_that_a_variable_of_the_provider_names() {
    let elsewhere = Elsewhere::start();
    let proxy = Recorder::saying("HTTP/1.1 403 Forbidden\r\n\r\n");
    let program = crate::support::oidc_exchange([
        "vault",
        "--addr",
        "https://vault.sandbox.test:8200",
        "--role",
        "ci",
        "A=b/c#d",
    ]);
    let program = program.token(&elsewhere.token()).env("NO_PROXY", "*").env("VAULT_PROXY_ADDR", proxy.url());
    program.word(&proxy.port().to_string(), "PROXY").run().exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       the proxy 127.0.0.1:PROXY answered 403 to CONNECT vault.sandbox.test:8200
          asked for  role ci at auth/jwt/login of https://vault.sandbox.test:8200

        hint: have that host allowed by the proxy that VAULT_PROXY_ADDR names, or unset VAULT_PROXY_ADDR if this machine needs no proxy for it
    "#]]);
}
