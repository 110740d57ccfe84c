//! Answers that are missing, incomplete, or from another server.

use std::time::Duration;

use sandbox::{Fault, Sandbox, Server};

use super::{given_up_at_once, unreachable};
use crate::aws::deploy;
use crate::support::recorder::Recorder;
use crate::support::{expect, stopped};

#[test]
fn a_connection_that_breaks() {
    let sandbox = Sandbox::start().unwrap();
    for fault in [Fault::ResetBeforeHeaders, Fault::ResetInHeaders, Fault::ResetInBody, Fault::TruncatedBody] {
        let asked = sandbox.aws.requests().len();
        sandbox.aws.script([fault.clone()]);
        let output = deploy(&[]).job(&sandbox).run();
        output.exits(0);
        let warning = output.stderr();
        assert!(warning.starts_with("warning: the connection to 127.0.0.1:"), "{fault:?}: {warning}");
        assert!(warning.contains("; trying again for up to ") && warning.lines().count() == 1, "{fault:?}: {warning}");
        assert_eq!(sandbox.aws.requests().len(), asked + 2, "{fault:?}");
    }
}

#[test]
fn one_that_always_breaks() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.always(Fault::ResetBeforeHeaders);
    let output = unreachable(
        deploy(&["-q", "--timeout", "1500ms"]).job(&sandbox),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the connection to STS broke: Connection reset by peer (os error 104)
          asked for  arn:aws:iam::123456789012:role/deploy
          tried      N attempts in T s

        hint: the server or something in between closed the connection
    "#]],
    );
    assert!(output.took < Duration::from_secs(12), "{:?}", output.took);
}

/// Bytes in place of an answer, to the first request.
fn bytes(bytes: &[u8]) -> Fault {
    let bytes = bytes.to_vec();
    Fault::forged(move |_, _| bytes.clone())
}

/// Another attempt would get the same answer.
#[test]
fn an_answer_that_is_not_http() {
    given_up_at_once(
        bytes(b"SSH-2.0-OpenSSH_9.9\r\n"),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       the answer of STS is not HTTP
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: check the address and its port; a proxy or another service may have answered
        "#]],
    );
    let headers = |number: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-more: 0\r\n".repeat(number)).into_bytes();
    let answers: [(&[u8], &str); 14] = [
        (b"\0\0\0\x18ftypmp42", "is not HTTP"),
        (b"220 mail.example ESMTP\r\n\r\n", "is not HTTP"),
        (b"<html>no</html>\r\n\r\n", "is not HTTP"),
        (b"{\"error\":\"no\"}\n\n", "is not HTTP"),
        (b"HTTP/3.0 200 OK\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\na header\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\na: 1\r\n folded\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\na: \0\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}and more\r\n", "is not HTTP"),
        (&headers(200), "has too many headers, or headers that are too long"),
    ];
    for (answer, said) in answers {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([bytes(answer)]);
        let output = deploy(&[]).job(&sandbox).run();
        output.exits(5).stdout_is(&stopped(5));
        let text = String::from_utf8_lossy(&answer[..answer.len().min(60)]);
        assert!(
            output.stderr().contains(&format!("said       the answer of 127.0.0.1:{} {said}\n", sandbox.aws.port())),
            "{text}: {}",
            output.stderr()
        );
        assert_eq!(sandbox.aws.requests().len(), 1, "{text}");
    }
}

/// An answer that ends too early may be complete the next time.
#[test]
fn the_start_of_an_answer_is_asked_for_again() {
    let answers: [&[u8]; 5] = [
        b"",
        b"HTT",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{",
    ];
    for answer in answers {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([bytes(answer)]);
        deploy(&["-q"]).job(&sandbox).run().exits(0);
        assert_eq!(sandbox.aws.requests().len(), 2, "{}", String::from_utf8_lossy(answer));
    }
}

#[test]
fn an_answer_that_does_not_come() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.always(Fault::Hang);
    let output = unreachable(
        deploy(&["--timeout", "500ms"]).job(&sandbox),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       nothing, until --timeout
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: check that this machine can reach that host: a firewall may block it, or HTTPS_PROXY must name a proxy
        "#]],
    );
    assert!(output.took < Duration::from_secs(12), "{:?}", output.took);
}

#[test]
fn an_answer_that_drips() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([Fault::SlowBytes { every: Duration::from_micros(100) }]);
    deploy(&[]).job(&sandbox).run().exits(0).stderr_is(expect![""]);
    sandbox.aws.always(Fault::SlowBytes { every: Duration::from_millis(200) });
    let output = unreachable(
        deploy(&["--timeout", "500ms"]).job(&sandbox),
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       nothing, until --timeout
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: check that this machine can reach that host: a firewall may block it, or HTTPS_PROXY must name a proxy
        "#]],
    );
    assert!(output.took < Duration::from_secs(12), "{:?}", output.took);
}

#[test]
fn an_answer_without_end() {
    given_up_at_once(
        Fault::EndlessBody,
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       STS answered with more than 8 MiB
          asked for  arn:aws:iam::123456789012:role/deploy
    "#]],
    );
}

#[test]
fn a_page_for_people() {
    given_up_at_once(
        Fault::HtmlOk,
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the answer with status 200 cannot be used: it is not an answer of AWS STS
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: was this AWS STS? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may have answered
    "#]],
    );
}

fn answered(status: u16, body: &str) -> Fault {
    Fault::Status { status, headers: vec![("content-type".into(), "text/xml".into())], body: body.into() }
}

#[test]
fn an_answer_of_nobody_known() {
    given_up_at_once(
        answered(200, ""),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       the answer with status 200 cannot be used: it is not an answer of AWS STS
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: was this AWS STS? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may have answered
    "#]],
    );
    given_up_at_once(
        answered(403, "<html>Forbidden by the company's proxy</html>"),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       status 403, without an error code of STS
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: was this AWS STS? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may have answered
    "#]],
    );
    given_up_at_once(
        answered(404, "no such page"),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       status 404, without an error code of STS
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: was this AWS STS? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may have answered
    "#]],
    );
}

/// All or nothing, and the received part is not shown.
#[test]
fn an_answer_with_half_of_the_credentials() {
    const NOT_STS: &str = "cannot be used: it is not an answer of AWS STS\n";
    let half = |credentials: &str| {
        answered(
            200,
            &format!(
                "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleWithWebIdentityResult>{credentials}</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
            ),
        )
    };
    let key = "<AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>";
    let secret = "<SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey>";
    let token = "<SessionToken>FwoGZXIvYXdzEBYaDExampleSessionToken</SessionToken>";
    let end = "<Expiration>2030-01-01T00:00:00Z</Expiration>";
    for (body, missing) in [
        (String::new(), "Credentials"),
        (format!("<Credentials>{key}{secret}{end}</Credentials>"), "SessionToken"),
        (format!("<Credentials>{key}{token}{end}</Credentials>"), "SecretAccessKey"),
        (format!("<Credentials>{secret}{token}{end}</Credentials>"), "AccessKeyId"),
        (format!("<Credentials>{key}{secret}{token}</Credentials>"), "Expiration"),
        (format!("<Credentials>{key}{secret}<SessionToken></SessionToken>{end}</Credentials>"), "SessionToken"),
        (
            format!("<Credentials>{key}{secret}{token}<Expiration>soon</Expiration></Credentials>"),
            "its Expiration cannot be read",
        ),
        (
            format!("<Credentials>{key}{secret}{token}<Expiration></Expiration></Credentials>"),
            "its Expiration cannot be read",
        ),
        (
            format!("<Credentials>{key}{secret}{token}<Expiration>2030-01-01</Expiration></Credentials>"),
            "its Expiration cannot be read",
        ),
        // The expiry is valid.
        (format!("<Credentials>{end}{key}{secret}<SessionToken>&bogus;</SessionToken></Credentials>"), NOT_STS),
        (format!("<Credentials>{end}{key}{secret}<SessionToken>a&b</SessionToken></Credentials>"), NOT_STS),
        (format!("<Credentials>{end}{key}{secret}<SessionToken>&#x110000;</SessionToken></Credentials>"), NOT_STS),
        (format!("<Credentials>{end}{key}{secret}<SessionToken><a>x</a></SessionToken></Credentials>"), NOT_STS),
        (
            format!(
                "<Credentials>{key}{secret}{token}{end}</Credentials><AssumedRoleUser><Arn>&bogus;</Arn></AssumedRoleUser>"
            ),
            NOT_STS,
        ),
    ] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([half(&body)]);
        let program =
            deploy(&["-vv"]).job(&sandbox).secret("the secret key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let output = program.secret("the session token", "FwoGZXIvYXdzEBYaDExampleSessionToken").run();
        assert!(output.code == Some(5), "{missing}: {}", output.describe());
        assert!(output.stderr().contains(missing), "{missing}: {}", output.stderr());
        assert_eq!(sandbox.aws.requests().len(), 1);
    }
}

/// The truncated answer has a matching length, so the last credential would be truncated and exported.
#[test]
fn an_answer_that_ends_in_the_middle() {
    let token = "FwoGZXIvYXdzEBYaDExampleSessionToken";
    let whole = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
         <Credentials><Expiration>2030-01-01T00:00:00Z</Expiration><SecretAccessKey>wJalrXUtnFEMI</SecretAccessKey>\
         <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SessionToken>{token}</SessionToken></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    let sandbox = Sandbox::start().unwrap();
    let run = |body: &str| {
        let bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes();
        sandbox.aws.script([Fault::forged(move |_, _| bytes.clone())]);
        deploy(&["--timeout", "40s"]).job(&sandbox).secret("the token", token).hands_over().run()
    };
    assert!(run(&whole).exits(0).stdout().contains(&format!("AWS_SESSION_TOKEN='{token}'")));
    run(&format!("{whole}\n \r\n")).exits(0);
    let first = whole.find(token).unwrap();
    for end in (first - 40..whole.len()).step_by(3).chain([whole.len() - 1]) {
        let output = run(&whole[..end]);
        assert_eq!((output.code, output.stdout()), (Some(5), stopped(5)), "{}", &whole[end - 20..end]);
        assert!(output.stderr().contains("cannot be used: it is not an answer of AWS STS"), "{}", output.describe());
    }
}

/// The SDK would read only the text before such markup, and the credential would be truncated and exported.
#[test]
fn an_answer_with_markup_in_a_credential() {
    let token = "FwoGZXIvYXdzEBYaDExampleSessionToken";
    let sandbox = Sandbox::start().unwrap();
    let run = |token_text: &str, start: &str| {
        let body = format!(
            "{start}<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <AssumeRoleWithWebIdentityResult>\
             <Credentials>\n<SessionToken>{token_text}</SessionToken>\n<SecretAccessKey>wJalrXUtnFEMI</SecretAccessKey>\
             <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>\
             </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        );
        sandbox.aws.script([answered(200, &body)]);
        deploy(&[]).job(&sandbox).secret("the token", token).hands_over().run()
    };
    for start in ["", "<?xml version=\"1.0\"?>\n", "\n\n  ", "\u{feff}<?xml version=\"1.0\"?>"] {
        let output = run(token, start);
        assert!(output.exits(0).stdout().contains(&format!("AWS_SESSION_TOKEN='{token}'")), "{start}");
    }
    let (head, tail) = token.split_at(9);
    for markup in ["<!-- a comment -->", "<b>x</b>", "<b/>", "<?php ?>", "<![CDATA[x]]>"] {
        let output = run(&format!("{head}{markup}{tail}"), "");
        assert_eq!((output.code, output.stdout()), (Some(5), stopped(5)), "{markup}");
        assert!(output.stderr().contains("cannot be used: it is not an answer of AWS STS"), "{}", output.describe());
    }
}

/// The token is not sent to the target of a redirect.
#[test]
fn a_redirect() {
    let other = Recorder::start();
    for status in [301, 302, 303, 307, 308] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([Fault::Redirect { status, location: format!("{}/path?secret=1", other.url()) }]);
        let program =
            deploy(&[]).job(&sandbox).word(&other.port().to_string(), "OTHER").word(&status.to_string(), "30X");
        unreachable(
            program,
            expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       STS answered 30X, a redirect to http://127.0.0.1:OTHER
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: the token is not sent on to another address; point the endpoint at the final one
        "#]],
        );
        assert_eq!(sandbox.aws.requests().len(), 1);
    }
    assert_eq!(other.seen(), [""; 0]);
}

/// A redirect to itself is one too.
#[test]
fn a_redirect_to_itself() {
    let sandbox = Sandbox::start().unwrap();
    let own: &Server = &sandbox.aws;
    own.script([Fault::Redirect { status: 307, location: own.url() }]);
    unreachable(
        deploy(&[]).job(&sandbox),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       STS answered 307, a redirect to http://STS
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: the token is not sent on to another address; point the endpoint at the final one
    "#]],
    );
    assert_eq!(own.requests().len(), 1);
}

/// Statuses that name no other address are answers that are not the provider's.
#[test]
fn what_is_no_redirect_is_not_called_one() {
    for status in [300, 304, 305, 306, 399] {
        let sandbox = Sandbox::start().unwrap();
        let headers = vec![("location".to_owned(), "http://elsewhere.test/".to_owned())];
        sandbox.aws.script([Fault::Status { status, headers, body: String::new() }]);
        let output = deploy(&["--timeout", "40s"]).job(&sandbox).run();
        let said = output.exits(5).stdout_is(&stopped(5)).stderr();
        assert!(said.contains(&format!("said       status {status}, without an error code of STS")), "{said}");
        assert!(!said.contains("redirect"), "{said}");
    }
}
