//! Trusted and untrusted certificates.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sandbox::aws::Sts;
use sandbox::server::ServerTls;
use sandbox::{Sandbox, Tls};

use super::unreachable;
use crate::aws::deploy;
use crate::support::{Output, Program, expect, stopped};

/// A job whose STS uses TLS, with the right authority in `good.pem` and another one in `other.pem`.
fn job<'s>(sandbox: &'s Sandbox, tls: &Tls, arguments: &[&str]) -> Program<'s> {
    let program = deploy(arguments).job(sandbox);
    program.scratch().write("good.pem", tls.ca_pem());
    program.scratch().write("other.pem", Tls::new().unwrap().ca_pem());
    program.scratch().write("empty.pem", "");
    program
}

#[test]
fn an_authority_that_is_named() {
    let tls = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&tls).unwrap();
    let good = |program: Program<'_>| program.run().exits(0).stderr_is(expect![""]).code;
    good(job(&sandbox, &tls, &["--ca-file", "good.pem"]));
    good(job(&sandbox, &tls, &[]).env("SSL_CERT_FILE", "good.pem"));
    good(job(&sandbox, &tls, &[]).env("AWS_CA_BUNDLE", "good.pem"));
    // The provider's own variable replaces the general one, and the option adds to both.
    good(job(&sandbox, &tls, &[]).env("AWS_CA_BUNDLE", "good.pem").env("SSL_CERT_FILE", "other.pem"));
    good(job(&sandbox, &tls, &["--ca-file", "good.pem"]).env("AWS_CA_BUNDLE", "other.pem"));
    good(job(&sandbox, &tls, &["--ca-file", "other.pem"]).env("SSL_CERT_FILE", "good.pem"));
    // A bundle of several.
    let both = job(&sandbox, &tls, &["--ca-file", "both.pem"]);
    both.scratch().write("both.pem", format!("{}{}", Tls::new().unwrap().ca_pem(), tls.ca_pem()));
    good(both);
    // A directory need not be prepared with `c_rehash`: every file in it is read.
    let directory = job(&sandbox, &tls, &[]).env("SSL_CERT_DIR", "certificates");
    directory.scratch().write("certificates/5ed36f99.0", tls.ca_pem());
    good(directory);
}

#[test]
fn an_authority_that_nobody_named() {
    let tls = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&tls).unwrap();
    let output = unreachable(
        job(&sandbox, &tls, &[]),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the certificate of STS is not trusted: no trusted authority signed it
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA
    "#]],
    );
    assert!(output.took < Duration::from_secs(12), "{:?}", output.took);
    unreachable(
        job(&sandbox, &tls, &["--ca-file", "other.pem"]),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the certificate of STS is not trusted: its signature does not fit the key of the authority that it names
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA
    "#]],
    );
    let replaced = job(&sandbox, &tls, &[]).env("AWS_CA_BUNDLE", "other.pem").env("SSL_CERT_FILE", "good.pem");
    unreachable(
        replaced,
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the certificate of STS is not trusted: its signature does not fit the key of the authority that it names
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA
    "#]],
    );
    assert!(sandbox.aws.requests().is_empty(), "the token stays here");
}

/// A server with this certificate, and a job that trusts its authority.
fn presented(tls: &Tls, certificate: &ServerTls) -> (Sandbox, Sts, String) {
    let sts = Sts::start_tls(certificate).unwrap();
    let url = sts.url();
    (Sandbox::start_tls(tls).unwrap(), sts, url)
}

#[test]
fn a_certificate_for_another_name() {
    let tls = Tls::new().unwrap();
    let (sandbox, sts, url) = presented(&tls, &tls.wrong_name().unwrap());
    let program = job(&sandbox, &tls, &["--ca-file", "good.pem"]).env("AWS_ENDPOINT_URL_STS", &url);
    unreachable(
        program.word(&format!("127.0.0.1:{}", sts.port()), "OTHER"),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the certificate of OTHER is not trusted: it is for elsewhere.test, not for 127.0.0.1
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: write a name of the certificate into the address, or add this name to the certificate's subjectAltName
        "#]],
    );
}

#[test]
fn a_certificate_that_has_expired() {
    let tls = Tls::new().unwrap();
    let (sandbox, sts, url) = presented(&tls, &tls.expired(&["127.0.0.1"]).unwrap());
    let program = job(&sandbox, &tls, &["--ca-file", "good.pem"]).env("AWS_ENDPOINT_URL_STS", &url);
    unreachable(
        program.word(&format!("127.0.0.1:{}", sts.port()), "OTHER"),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the certificate of OTHER is not trusted: its time is over since TIME
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: check this machine's clock; if it is right, the server needs another certificate
        "#]],
    );
}

#[test]
fn a_certificate_of_another_authority_with_the_same_name() {
    let tls = Tls::new().unwrap();
    let (sandbox, sts, url) = presented(&tls, &tls.other_ca(&["127.0.0.1"]).unwrap());
    let program = job(&sandbox, &tls, &["--ca-file", "good.pem"]).env("AWS_ENDPOINT_URL_STS", &url);
    unreachable(
        program.word(&format!("127.0.0.1:{}", sts.port()), "OTHER"),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the certificate of OTHER is not trusted: its signature does not fit the key of the authority that it names
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA
    "#]],
    );
}

/// A named bundle that cannot be used is an error. The other certificates are not used instead.
#[test]
fn a_bundle_that_is_none() {
    let tls = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&tls).unwrap();
    let wrong = |program: Program<'_>, message| program.run().exits(2).stderr_is(message).code;
    wrong(
        job(&sandbox, &tls, &[]).env("AWS_CA_BUNDLE", "absent.pem"),
        expect![[r#"
        error: cannot ask AWS STS
          said       AWS_CA_BUNDLE: cannot read absent.pem: No such file or directory (os error 2)
          asked for  arn:aws:iam::123456789012:role/deploy
    "#]],
    );
    wrong(
        job(&sandbox, &tls, &[]).env("SSL_CERT_FILE", "empty.pem"),
        expect![[r#"
        error: cannot ask AWS STS
          said       SSL_CERT_FILE: empty.pem holds no PEM certificate
          asked for  arn:aws:iam::123456789012:role/deploy
    "#]],
    );
    wrong(
        job(&sandbox, &tls, &[]).env("SSL_CERT_DIR", "absent"),
        expect![[r#"
        error: cannot ask AWS STS
          said       SSL_CERT_DIR: no certificate there
          asked for  arn:aws:iam::123456789012:role/deploy
    "#]],
    );
}

/// A call without TLS reads no certificate.
#[test]
fn plain_http_on_loopback_needs_no_bundle() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&[]).job(&sandbox).env("SSL_CERT_FILE", "absent.pem").run().exits(0).stderr_is(expect![""]);
}

/// If the server uses plain http or another protocol, another attempt would fail too.
#[test]
fn a_port_that_does_not_speak_tls() {
    let sandbox = Sandbox::start().unwrap();
    for greeting in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "220 mail.example ESMTP\r\n",
        "<html>",
        "-ERR unknown command\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(greeting.as_bytes()).unwrap();
            // Until the other side closes the connection.
            let _ = stream.read_to_end(&mut Vec::new());
            listener.set_nonblocking(true).unwrap();
            assert!(listener.accept().is_err(), "it is asked again");
        });
        let program = deploy(&[]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", format!("https://{address}"));
        unreachable(
            program.word(&address, "OTHER"),
            expect![[r#"
                error: AWS STS could not be reached or kept failing
                  said       OTHER does not speak TLS
                  asked for  arn:aws:iam::123456789012:role/deploy

                hint: check the port; if it speaks plain http, write http:// in place of https://
            "#]],
        );
        served.join().unwrap();
    }
    assert!(sandbox.aws.requests().is_empty());
}

/// A server without a common TLS setting sends a fatal alert (RFC 8446, section 6).
#[test]
fn a_server_that_ends_the_handshake_with_an_alert() {
    const ALGORITHM: &str =
        "refused the TLS handshake: no cipher suite, curve or signature algorithm in common, or no client certificate";
    const CLIENT: &str = "refused the client certificate, or requires one";
    for (alert, said) in [
        (70, "supports neither TLS 1.2 nor TLS 1.3"),
        (86, "supports neither TLS 1.2 nor TLS 1.3"),
        (40, ALGORITHM),
        (71, ALGORITHM),
        (47, ALGORITHM),
        (109, ALGORITHM),
        (110, ALGORITHM),
        (112, "has no certificate for this name"),
        (120, "supports neither HTTP/1.1 nor HTTP/2 over TLS"),
        (42, CLIENT),
        (48, CLIENT),
        (49, CLIENT),
        (116, CLIENT),
    ] {
        let (output, asked) = alerted(alert, "30s");
        output.exits(5).stdout_is(&stopped(5));
        assert!(output.told().contains(&format!("said       OTHER {said}\n")), "{alert}: {}", output.told());
        assert_eq!(asked, 1, "{alert}");
    }
    alerted(70, "30s").0.stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       OTHER supports neither TLS 1.2 nor TLS 1.3
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: have the server support TLS 1.2 or 1.3 with a common cipher suite and curve (P-256, P-384 or X25519)
    "#]]);
    // Others may not be sent again.
    let (output, asked) = alerted(80, "2s");
    assert!(asked > 1, "{}", output.told());
    output.exits(5).stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       cannot connect to OTHER: the server closed TLS with alert 80 (internal_error)
          asked for  arn:aws:iam::123456789012:role/deploy
          tried      N attempts in T s

        hint: check that this machine can reach that host: a firewall may block it, or HTTPS_PROXY must name a proxy
    "#]]);
}

/// The run against a server that answers every connection with this alert, and the number of connections.
fn alerted(alert: u8, timeout: &str) -> (Output, usize) {
    let sandbox = Sandbox::start().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (count, end) = (Arc::clone(&asked), Arc::clone(&ended));
    let served = std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            if end.load(Ordering::SeqCst) {
                return;
            }
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 8 << 10]);
            let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, alert]);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let program = deploy(&["-q", "--timeout", timeout]).job(&sandbox);
    let output =
        program.env("AWS_ENDPOINT_URL_STS", format!("https://{address}")).word(&address.to_string(), "OTHER").run();
    ended.store(true, Ordering::SeqCst);
    drop(TcpStream::connect(address));
    served.join().unwrap();
    (output, asked.load(Ordering::SeqCst))
}
