//! Texts that are not tokens: exit 3, before anything is sent, and no part of the text is shown.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use expect_test::Expect;
use sandbox::{Job, Sandbox, now};

use crate::aws::deploy;
use crate::support::{Program, expect, stopped};

#[track_caller]
pub(super) fn refused(program: Program<'_>, code: i32, message: Expect) {
    let sandbox = Sandbox::start().unwrap();
    let program = program.env("AWS_ENDPOINT_URL_STS", sandbox.aws.url());
    program.run().exits(code).stdout_is(&stopped(u8::try_from(code).unwrap())).stderr_is(message);
    assert!(sandbox.aws.requests().is_empty());
}

/// In the variable, and in a file.
#[track_caller]
fn no_token(text: &str, message: Expect) {
    refused(deploy(&["-vv"]).token(text), 3, message);
    let program = deploy(&["--token-file", "token"]).secret("the subject token", text);
    program.scratch().write("token", text);
    program.run().exits(3).stdout_is(&stopped(3));
}

pub(super) fn token() -> String {
    Sandbox::start().unwrap().issuer.token(&Job::branch("main"))
}

/// A token with this payload and the right form.
fn with_payload(payload: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256","typ":"JWT"}"#), part(payload), part(&"s".repeat(256)))
}

#[test]
fn something_else() {
    no_token(
        "ghp_0123456789abcdef0123456789abcdef",
        expect![[r#"
        error: the subject token is not a JWT: a signed JWT has three parts with dots between them; this has 1

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    no_token(
        "-----BEGIN CERTIFICATE-----",
        expect![[r#"
        error: the subject token is not a JWT: a signed JWT has three parts with dots between them; this has 1

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
}

#[test]
fn not_three_parts() {
    let token = token();
    let (two, _) = token.rsplit_once('.').unwrap();
    no_token(
        two,
        expect![[r#"
        error: the subject token is not a JWT: a signed JWT has three parts with dots between them; this has 2

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    no_token(
        &format!("{token}.c2lnbmF0dXJlc2lnbmF0dXJl"),
        expect![[r#"
        error: the subject token is not a JWT: a signed JWT has three parts with dots between them; this has 4

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    no_token(
        &format!("{two}."),
        expect![[r#"
        error: the subject token is not a JWT: its signature is not base64url

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
}

/// It is only for `token`.
#[test]
fn nobody_signed_it() {
    let sandbox = Sandbox::start().unwrap();
    no_token(
        &sandbox.issuer.unsigned(&Job::branch("main")),
        expect![[r#"
        error: the subject token is not a JWT: it is not signed (`alg` is none)

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
}

#[test]
fn in_quotes_or_cut() {
    no_token(
        &format!("\"{}\"", token()),
        expect![[r#"
        error: the subject token is not a JWT: it is wrapped in quotes

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    no_token(
        &token()[1..],
        expect![[r#"
        error: the subject token is not a JWT: its header is not base64url

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    no_token(
        &token().replace('.', ".\n"),
        expect![[r#"
        error: the subject token is not a JWT: there are spaces or line breaks in it

        hint: remove them: tr -d '[:space:]'
    "#]],
    );
}

#[test]
fn a_payload_that_is_no_object() {
    no_token(
        &with_payload("[\"a payload that is a list of things\"]"),
        expect![[r#"
        error: the subject token is not a JWT: its payload is not a JSON object

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    no_token(
        &with_payload("{\"sub\": \"cut in the middle of a"),
        expect![[r#"
        error: the subject token is not a JWT: its payload is not a JSON object

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
}

#[test]
fn expired() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main").expires_at(1_700_000_000));
    let program = deploy(&[]).token(&token);
    let output = program.run();
    output.exits(3).stdout_is(&stopped(3));
    let report = output.stderr();
    let lines: Vec<&str> = report.lines().collect();
    assert!(lines[0].starts_with("error: the subject token expired ") && lines[0].ends_with(" ago"), "{report}");
    assert_eq!(lines[1], "  expired    2023-11-14T22:13:20Z");
    assert!(lines[2].starts_with("  now        20") && lines[2].ends_with("Z, by this machine's clock"), "{report}");
    let beyond = sandbox.issuer.token(&Job::branch("main").expires_at(now() - 70));
    deploy(&[]).token(&beyond).run().exits(3);
}

#[test]
fn not_text_or_too_long() {
    use std::os::unix::ffi::OsStrExt;
    let bytes = std::ffi::OsStr::from_bytes(b"eyJ\xff\xfe");
    refused(
        deploy(&[]).env("SEMAPHORE_OIDC_TOKEN", bytes),
        3,
        expect![[r#"
        error: the subject token is not a JWT: it is not text

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    let program = deploy(&["--token-file", "token"]);
    program.scratch().write("token", vec![b'x'; 70_000]);
    refused(
        program,
        3,
        expect![[r#"
        error: the subject token is not a JWT: it is longer than 64 KiB

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    let program = deploy(&["--token-file", "token"]);
    program.scratch().write("token", b"eyJ\xff\xfe");
    refused(
        program,
        3,
        expect![[r#"
        error: the subject token is not a JWT: it is not text

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
    // STS accepts 20,000 characters.
    let long = with_payload(&format!("{{\"sub\":\"{}\"}}", "x".repeat(20_000)));
    refused(
        deploy(&[]).token(&long),
        3,
        expect![[r#"
        error: the subject token is not a JWT: AWS STS accepts at most 20000 characters

        hint: check that it was not cut, quoted or changed on its way here
    "#]],
    );
}

/// The token is inside other text.
#[test]
fn wrapped_in_something_else() {
    let token = token();
    no_token(
        &format!("{{\"count\":1,\"value\":\"{token}\"}}"),
        expect![[r#"
        error: the subject token is not a JWT: it is JSON

        hint: take the value of `value` out of it: jq -r .value
    "#]],
    );
    no_token(
        "{\"message\":\"Bad credentials\"}",
        expect![[r#"
        error: the subject token is not a JWT: it is JSON

        hint: give the token itself, which begins with eyJ
    "#]],
    );
    no_token(
        &format!("Bearer {token}"),
        expect![[r#"
        error: the subject token is not a JWT: it is a header's value

        hint: leave out what is before the token: `Bearer` and the space
    "#]],
    );
    no_token(
        &format!("SEMAPHORE_OIDC_TOKEN={token}"),
        expect![[r#"
        error: the subject token is not a JWT: it is a line that sets a variable

        hint: give only what is after the `=`
    "#]],
    );
    no_token(
        "$CI_JOB_JWT",
        expect![[r#"
        error: the subject token is not a JWT: it is an expression with `$`

        hint: nothing has replaced it: a shell does so in double quotes
    "#]],
    );
    no_token(
        "null",
        expect![[r#"
        error: the subject token is not a JWT: it is a word for no value

        hint: check the step that prints it: it has found no token
    "#]],
    );
    no_token(
        "***",
        expect![[r#"
        error: the subject token is not a JWT: it is what a log shows in place of a secret

        hint: pass the variable itself
    "#]],
    );
    let (start, end) = token.split_at(76);
    no_token(
        &format!("{start}\n{end}"),
        expect![[r#"
        error: the subject token is not a JWT: there are spaces or line breaks in it

        hint: remove them: tr -d '[:space:]'
    "#]],
    );
}
