//! A refusal names command lines: as they are pasted into shells, the job's and an administrator's, they run.

use sandbox::{DEPLOY_ROLE, Fault, Job, PROVIDER, RELEASE_ACCOUNT, Sandbox};

use crate::support::{Program, Scratch, oidc_exchange};

/// The lines of the hint about conditions.
#[track_caller]
fn lines(program: Program<'_>) -> ([String; 2], Scratch) {
    let output = program.run();
    output.exits(4);
    let report = output.stderr();
    let hint = report.lines().find(|line| line.ends_with(" shows which condition fails"));
    let hint = hint.unwrap_or_else(|| panic!("{}", output.describe()));
    let mut lines = hint.split('`').skip(1).step_by(2).map(str::to_owned);
    let [Some(keep), Some(explain), None] = [lines.next(), lines.next(), lines.next()] else { panic!("{hint}") };
    ([keep, explain], output.scratch)
}

/// Pastes the first in the job and the second, with `rule` for the document that it asks for, where there is no token.
#[track_caller]
fn paste([keep, explain]: &[String; 2], scratch: Scratch, token: &str, rule: (&str, &str)) -> (Option<i32>, String) {
    let (option, document) = rule;
    let kept = Program::new("/bin/sh", ["-c", keep]).within(scratch).token(token).env("MINE", token).run();
    kept.exits(0).stdout_is("");
    let asked = Program::new("/bin/sh", ["-c", explain]).within(kept.scratch).run();
    let tip = format!("oidc-exchange explain {}", explain.split(' ').nth(2).unwrap());
    assert!(asked.exits(2).stderr().contains(&format!("{tip} --claims FILE {option} -")), "{}", asked.describe());
    asked.scratch.write("rule.json", document);
    let line = format!("{explain} {option} rule.json");
    let output = Program::new("/bin/sh", ["-c", &line]).within(asked.scratch).run();
    (output.code, output.stdout())
}

#[test]
fn a_trust_policy() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("other"));
    let places: [(&[&str], &str); 3] = [
        (&[], ""),
        (&["--token-env", "MINE"], " --token-env MINE"),
        (&["--token-file", "a b/it's"], r" --token-file 'a b/it'\''s'"),
    ];
    let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:*",
        "Condition": {"StringEquals": {"x:sub": "y"}}}}"#;
    for (arguments, option) in places {
        let program = oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).args(arguments).job(&sandbox);
        program.scratch().write("a b/it's", &token);
        let (lines, scratch) = lines(program.token(&token).env("MINE", &token));
        assert_eq!(lines[0], format!("oidc-exchange token{option} --format json >claims.json"));
        assert_eq!(lines[1], "oidc-exchange explain aws --claims claims.json");
        let (code, said) = paste(&lines, scratch, &token, ("--trust-policy", policy));
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains("the claims are a file's: whether the token has expired since is not judged"), "{said}");
    }
}

#[test]
fn a_provider() {
    let sandbox = Sandbox::start().unwrap();
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    let token = sandbox.issuer.token(&Job::branch("main"));
    let line = ["gcp", "--provider", PROVIDER, "--service-account", RELEASE_ACCOUNT];
    let (lines, scratch) = lines(oidc_exchange(line).args(endpoints).job(&sandbox));
    let issuer = sandbox.issuer.url();
    let provider = format!(
        r#"{{"name": "{PROVIDER}", "oidc": {{"issuerUri": "{issuer}", "allowedAudiences": ["{issuer}"]}},
            "attributeMapping": {{"google.subject": "assertion.sub"}}}}"#
    );
    let (code, said) = paste(&lines, scratch, &token, ("--provider-config", &provider));
    assert!(matches!(code, Some(0 | 4)), "{said}");
}

#[test]
fn a_role() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let message = "error validating claims: claim \"ref\" does not match any associated bound claim values";
    let body = serde_json::json!({ "errors": [message] }).to_string();
    sandbox.vault.script([Fault::Status { status: 400, headers: Vec::new(), body }]);
    let (lines, scratch) = lines(oidc_exchange(["vault", "--role", "ci"]).job(&sandbox));
    let role = r#"{"role_type": "jwt", "user_claim": "sub", "bound_subject": "another"}"#;
    let (code, said) = paste(&lines, scratch, &token, ("--role-config", role));
    assert_eq!(code, Some(4), "{said}");
}

/// It runs as well, and finds what is wrong.
#[test]
fn a_signature() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.forged(&Job::branch("main"));
    let program = oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE, "--token-env", "MINE"]).job(&sandbox);
    let output = program.token(&token).env("MINE", &token).run();
    output.exits(4);
    let report = output.stderr();
    let line = report.lines().last().unwrap().strip_prefix("hint: see what its issuer publishes: ").unwrap();
    assert_eq!(line, "oidc-exchange token --verify --token-env MINE");
    let found = Program::new("/bin/sh", ["-c", line]).token(&token).env("MINE", &token).run();
    assert!(found.exits(4).stdout().contains("\n✗ the signature is that of the token's key\n"), "{}", found.describe());
}
