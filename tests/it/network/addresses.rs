//! The addresses that requests may be sent to.

use std::time::Duration;

use sandbox::{Fault, Sandbox};

use super::unreachable;
use crate::aws::deploy;
use crate::support::recorder::closed_port;
use crate::support::{expect, stopped};

#[test]
fn nobody_listens() {
    let sandbox = Sandbox::start().unwrap();
    let port = closed_port();
    let program = deploy(&["-q", "--timeout", "1500ms"]).job(&sandbox).word(&port.to_string(), "CLOSED");
    let output = unreachable(
        program.env("AWS_ENDPOINT_URL_STS", format!("http://127.0.0.1:{port}")),
        expect![[r#"
        error: AWS STS could not be reached or kept failing
          said       127.0.0.1:CLOSED refused the connection
          asked for  arn:aws:iam::123456789012:role/deploy
          tried      N attempts in T s

        hint: check the address, and that a server is running there
    "#]],
    );
    assert!(output.took < Duration::from_secs(12), "{:?}", output.took);
}

/// `localhost` and names below it are this machine, for any answer of a nameserver.
#[test]
fn names_of_this_machine() {
    let sandbox = Sandbox::start().unwrap();
    for host in ["localhost", "LOCALHOST", "sts.localhost", "127.0.0.1", "127.1"] {
        let program = deploy(&[]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", sandbox.aws.url_for(host));
        program.run().exits(0).stderr_is(expect![""]);
    }
}

/// The more specific variable has precedence.
#[test]
fn the_endpoint_for_all_services() {
    let sandbox = Sandbox::start().unwrap();
    let closed = format!("http://127.0.0.1:{}", closed_port());
    let program = deploy(&[]).job(&sandbox).env("AWS_ENDPOINT_URL", closed);
    program.run().exits(0).stderr_is(expect![""]);
    let program = deploy(&[]).job(&sandbox).env_remove("AWS_ENDPOINT_URL_STS");
    program.env("AWS_ENDPOINT_URL", sandbox.aws.url()).run().exits(0).stderr_is(expect![""]);
}

/// Nothing is looked up, nothing is sent.
#[test]
fn plain_http_to_elsewhere() {
    let sandbox = Sandbox::start().unwrap();
    for host in [
        "sts.example.test",
        "localhost.example.test",
        "127.0.0.1.example.test",
        "10.0.0.1",
        "0.0.0.0",
        "[::ffff:a00:1]",
    ] {
        let url = sandbox.aws.url_for(host);
        let program = deploy(&[]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", &url).word(&url, "URL");
        program.run().exits(2).stdout_is(&stopped(2)).stderr_is(expect![[r#"
            error: cannot ask AWS STS
              said       URL is not https
              asked for  arn:aws:iam::123456789012:role/deploy

            hint: use an https address; plain http is for loopback, and for one host that --allow-http names
        "#]]);
    }
    assert!(sandbox.aws.requests().is_empty());
}

/// A password in the address is not printed.
#[test]
fn an_address_with_a_password() {
    let sandbox = Sandbox::start().unwrap();
    let url = "http://me:a-password-of-mine@sts.example.test/?key=another-password";
    let program = deploy(&["-vv"]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", url);
    let program = program.secret("a password", "a-password-of-mine").secret("a password", "another-password");
    program.run().exits(2).stderr_is(expect![[r#"
        oidc-exchange: POST sts.example.test: http://sts.example.test is not https after T ms
        error: cannot ask AWS STS
          said       http://sts.example.test is not https
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: use an https address; plain http is for loopback, and for one host that --allow-http names
    "#]]);
}

/// 0.0.0.0 connects to this machine, but is not a loopback address.
#[test]
fn plain_http_to_the_one_host_that_is_named() {
    let sandbox = Sandbox::start().unwrap();
    let url = sandbox.aws.url_for("0.0.0.0");
    let program = |host: &str| deploy(&["--allow-http", host]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", &url);
    program("0.0.0.0").word(&sandbox.aws.port().to_string(), "PORT").run().exits(0).stderr_is(expect![[r#"
        warning: using plain http to 0.0.0.0:PORT, as --allow-http allows: anyone on the network path can read the token
    "#]]);
    let asked = sandbox.aws.requests().len();
    program("0.0.0.1").run().exits(2);
    program("example.test").run().exits(2);
    assert_eq!(sandbox.aws.requests().len(), asked);
}

/// The endpoint's address contains a secret, which the endpoint has received.
#[test]
fn a_password_of_an_address_that_the_server_repeats() {
    for (user, said) in [
        ("user:Passw0rdSecret1234@", "Basic dXNlcjpQYXNzdzByZFNlY3JldDEyMzQ="),
        ("user:Passw0rdSecret1234@", "Passw0rdSecret1234"),
        ("user:Passw0rdSecret1234@", "user:Passw0rdSecret1234"),
        ("user:Passw0rd%21Secret@", "Passw0rd!Secret"),
        ("u:short%40pw9@", "dTpzaG9ydEBwdzk="),
        ("u:short%40pw9@", "short@pw9"),
        ("OnlyATokenInThere42:@", "OnlyATokenInThere42"),
    ] {
        let sandbox = Sandbox::start().unwrap();
        let error = format!("<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no: {said}</Message></Error>");
        let body = format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>");
        sandbox.aws.script([Fault::Status { status: 403, headers: Vec::new(), body }]);
        let url = format!("http://{user}127.0.0.1:{}", sandbox.aws.port());
        let output = deploy(&["-v"]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", url).run();
        output.exits(4);
        let (text, word) = (output.stderr(), said.rsplit(' ').next().unwrap());
        assert!(text.contains("[redacted]") && !text.contains(word), "{said}: {text}");
    }
}
