//! The commands in a refusal run as they are printed, in the job's and in an administrator's shell.

use sandbox::{DEPLOY_ROLE, Fault, Job, PROVIDER, RELEASE_ACCOUNT, Sandbox};

use crate::support::{Program, Scratch, oidc_exchange};

/// The complete command lines of the hints: to find the condition, to save the claims, and to evaluate them.
#[track_caller]
fn lines(program: Program<'_>) -> ([String; 3], Scratch) {
    let output = program.run();
    output.exits(4);
    let hints =
        output.stderr().lines().filter_map(|line| line.strip_prefix("hint: ")).map(str::to_owned).collect::<Vec<_>>();
    let lines = hints
        .iter()
        .filter_map(|hint| hint.split_once(": oidc-exchange "))
        // The tests of `setup` paste its commands.
        .filter(|(_, line)| !line.starts_with("setup "))
        .map(|(_, line)| format!("oidc-exchange {line}"));
    let Ok(lines) = lines.collect::<Vec<_>>().try_into() else { panic!("{}", output.describe()) };
    (lines, output.scratch)
}

/// Pastes each unchanged: the first two in the job, and the third outside of a job. `rule` is the file that they read.
#[track_caller]
fn paste(
    [find, save, evaluate]: &[String; 3],
    scratch: Scratch,
    token: &str,
    rule: (&str, &str),
) -> (Option<i32>, String) {
    scratch.write(rule.0, rule.1);
    let paste = |line: &str, scratch, token: Option<&str>| {
        let program = Program::new("/bin/sh", ["-c", line]).within(scratch);
        match token {
            Some(token) => program.token(token).env("MINE", token).run(),
            None => program.run(),
        }
    };
    let found = paste(find, scratch, Some(token));
    assert!(found.stdout().contains('\u{2717}') || found.code == Some(0), "{}", found.describe());
    let code = found.code;
    let saved = paste(save, found.scratch, Some(token));
    saved.exits(0).stdout_is("");
    let output = paste(evaluate, saved.scratch, None);
    assert_eq!(output.code, code, "{}", output.describe());
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
        let program = oidc_exchange(["aws", "-v", "--role-arn", DEPLOY_ROLE]).args(arguments).job(&sandbox);
        program.scratch().write("a b/it's", &token);
        let (lines, scratch) = lines(program.token(&token).env("MINE", &token));
        assert_eq!(lines[0], format!("oidc-exchange explain aws --trust-policy role.json{option}"));
        assert_eq!(lines[1], format!("oidc-exchange token{option} --format json >claims.json"));
        assert_eq!(lines[2], "oidc-exchange explain aws --trust-policy role.json --claims claims.json");
        let (code, said) = paste(&lines, scratch, &token, ("role.json", policy));
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
    let line = ["gcp", "-v", "--provider", PROVIDER, "--service-account", RELEASE_ACCOUNT];
    let (lines, scratch) = lines(oidc_exchange(line).args(endpoints).job(&sandbox));
    let issuer = sandbox.issuer.url();
    let provider = format!(
        r#"{{"name": "{PROVIDER}", "oidc": {{"issuerUri": "{issuer}", "allowedAudiences": ["{issuer}"]}},
            "attributeMapping": {{"google.subject": "assertion.sub"}}}}"#
    );
    let (code, said) = paste(&lines, scratch, &token, ("provider.json", &provider));
    assert!(matches!(code, Some(0 | 4)), "{said}");
}

#[test]
fn a_role() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let message = "error validating claims: claim \"ref\" does not match any associated bound claim values";
    let body = serde_json::json!({ "errors": [message] }).to_string();
    sandbox.vault.script([Fault::Status { status: 400, headers: Vec::new(), body }]);
    let (lines, scratch) = lines(oidc_exchange(["vault", "-v", "--role", "ci"]).job(&sandbox));
    let role = r#"{"role_type": "jwt", "user_claim": "sub", "bound_subject": "another"}"#;
    let (code, said) = paste(&lines, scratch, &token, ("role.json", role));
    assert_eq!(code, Some(4), "{said}");
}

/// It runs too, and finds the fault.
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
