//! `explain --claims`: the claims are copied to a machine on which the rule can be read.

use sandbox::{Job, Sandbox};

use crate::support::{Program, Scratch, expect, oidc_exchange};

const ROLE: &str = r#"{"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["AUDIENCE"]}"#;

/// The result of `explain vault` with `claims` in a file.
fn explain(claims: &str, role: &str) -> crate::support::Output {
    let scratch = Scratch::new();
    scratch.write("claims.json", claims);
    scratch.write("role.json", role);
    oidc_exchange(["explain", "vault", "--claims", "claims.json", "--role-config", "role.json"]).within(scratch).run()
}

#[test]
fn they_are_what_the_job_prints() {
    let sandbox = Sandbox::start().unwrap();
    let role = ROLE.replace("AUDIENCE", &sandbox.issuer.url());
    for (job, code) in [
        (Job::branch("main"), 0),
        (Job::branch("main").claim("exp", 1_000_000_000).claim("iat", 999_999_000).claim("nbf", 999_999_000), 0),
        (Job::branch("main").claim("aud", "another"), 4),
    ] {
        let printed = oidc_exchange(["token", "--format", "json"]).job_of(&sandbox, &job).run();
        let output = explain(&printed.exits(0).stdout(), &role);
        let said = output.exits(code).stdout();
        assert!(said.contains("the claims are a file's: whether the token has expired since is not judged"), "{said}");
    }
    let both = format!("{{\"iss\": \"{0}\", \"aud\": \"{0}\", \"sub\": \"x\", \"exp\": 1}}", sandbox.issuer.url());
    explain(&both, &role).exits(4).stdout_holds_no_secret();
}

#[test]
fn they_may_come_from_a_pipe_beside_a_file() {
    let sandbox = Sandbox::start().unwrap();
    let script = format!(
        "echo '{}' >role.json; oidc-exchange token --format json | oidc-exchange explain vault --claims - --role-config role.json | sed -n 1p",
        ROLE.replace("AUDIENCE", &sandbox.issuer.url())
    );
    let output = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run();
    output.exits(0).stdout_is("accepted: the role allows this token\n");
    let twice = oidc_exchange(["explain", "vault", "--claims", "-", "--role-config", "-"]).stdin("{}").run();
    twice.exits(2).stderr_is(expect![[r"
        error: standard input is named twice by `-`, and holds one file
    "]]);
}

#[test]
fn a_token_is_none() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    for text in [token.clone(), format!("\"{token}\"\n"), format!("SEMAPHORE_OIDC_TOKEN={token}")] {
        let scratch = Scratch::new();
        scratch.write("role.json", ROLE);
        let line = ["explain", "vault", "--claims", "-", "--role-config", "role.json"];
        let output = oidc_exchange(line).within(scratch).stdin(text).job(&sandbox).token(&token).run();
        let report = output.exits(2).stdout_is("").stderr();
        assert!(report.starts_with("error: --claims -: it holds a token, which is a secret\n"), "{report}");
    }
}

/// The base64 of JSON begins like a token.
#[test]
fn base64_is_no_token() {
    // {"sub":"x"}
    explain("eyJzdWIiOiJ4\nIn0=\n", ROLE).exits(2).stderr_is(expect![[r#"
        error: --claims claims.json: it is JSON in base64

        hint: decode it with: base64 -d
    "#]]);
}

#[test]
fn another_document_is_none() {
    explain("{}", ROLE).exits(2).stderr_is(expect![[r#"
        error: --claims claims.json: it holds no claims

        hint: it is what the job prints with: oidc-exchange token --format json
    "#]]);
    explain("", ROLE).exits(2).stderr_is(expect![[r#"
        error: --claims claims.json: the file is empty

        hint: run the command that prints it by hand: it may have failed
    "#]]);
    explain("iss: x\n", ROLE).exits(2).stderr_is(expect![[r#"
        error: --claims claims.json: not JSON: expected value at line 1 column 1

        hint: print it as JSON: oidc-exchange token --format json
    "#]]);
}
