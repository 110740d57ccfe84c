//! The last hint of a refusal is a command line: as it is pasted into a shell, it runs.

use sandbox::{DEPLOY_ROLE, Fault, Job, PROVIDER, RELEASE_ACCOUNT, RELEASE_ROLE, Sandbox};

use crate::support::{Program, Scratch, expect, oidc_exchange};

/// A provider's tool that says how it was called, and prints what is no JSON: `explain` says so once it has read it.
const TOOL: &str =
    "#!/bin/sh\nfor word in \"${0##*/}\" \"$@\"; do printf '%s\\n' \"$word\"; done >>calls\necho no JSON\n";

/// What is pasted after this refusal.
#[track_caller]
fn line(program: Program<'_>) -> (String, Scratch) {
    let output = program.run();
    output.exits(4);
    let report = output.stderr();
    let hint = report.lines().last().and_then(|line| line.strip_prefix("hint: see which condition fails"));
    let line = hint.and_then(|hint| Some(hint.split_once(": ")?.1));
    (line.unwrap_or_else(|| panic!("{}", output.describe())).to_owned(), output.scratch)
}

/// Runs the line with the same token; returns how the tool was called, a word a line, and what `explain` said.
#[track_caller]
fn paste(line: &str, scratch: Scratch, token: &str) -> (String, String) {
    for tool in ["aws", "gcloud", "bao"] {
        scratch.script(&format!("bin/{tool}"), TOOL);
    }
    let _ = std::fs::remove_file(scratch.path().join("calls"));
    let output = Program::new("/bin/sh", ["-c", line]).within(scratch).token(token).env("MINE", token).run();
    output.exits(2).stdout_is("");
    (std::fs::read_to_string(output.scratch.path().join("calls")).unwrap(), output.stderr())
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
    for (arguments, option) in places {
        let program = oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).args(arguments).job(&sandbox);
        program.scratch().write("a b/it's", &token);
        let (line, scratch) = line(program.token(&token).env("MINE", &token));
        assert_eq!(
            line,
            format!(
                "aws iam get-role --role-name deploy --output json | oidc-exchange explain aws --role-arn {DEPLOY_ROLE} --trust-policy -{option}"
            )
        );
        let (calls, said) = paste(&line, scratch, &token);
        assert_eq!(calls, "aws\niam\nget-role\n--role-name\ndeploy\n--output\njson\n");
        assert!(said.starts_with("error: --trust-policy -: not JSON"), "{said}");
    }
}

/// Which cannot hold the token and the rule.
#[test]
fn a_token_on_standard_input() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let program = oidc_exchange(["aws", "--role-arn", RELEASE_ROLE, "--token-file", "-"]).job(&sandbox);
    let (line, scratch) = line(program.stdin(token.clone()));
    assert!(line.ends_with(" --trust-policy trust-policy.json --token-file -"), "{line}");
    let (_, said) = paste(&line, scratch, &token);
    assert!(said.starts_with("error: --trust-policy trust-policy.json: not JSON"), "{said}");
}

#[test]
fn a_provider_and_a_binding() {
    let sandbox = Sandbox::start().unwrap();
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    let token = sandbox.issuer.token(&Job::branch("main"));
    let deploy =
        || oidc_exchange(["gcp", "--provider", PROVIDER, "--service-account", RELEASE_ACCOUNT]).args(endpoints);
    let (binding, scratch) = line(deploy().job(&sandbox));
    let (calls, said) = paste(&binding, scratch, &token);
    expect![[r#"
        gcloud
        iam
        service-accounts
        get-iam-policy
        release@sandbox-project.iam.gserviceaccount.com
        --project=sandbox-project
        --format=json
        gcloud
        iam
        workload-identity-pools
        providers
        describe
        projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore
        --format=json
    "#]]
    .assert_eq(&calls);
    assert!(said.starts_with("error: --provider-config -: not JSON"), "{said}");

    let other = sandbox.issuer.token(&Job::branch("main").claim("org_id", "another"));
    let (condition, scratch) =
        line(deploy().args(["--token-env", "MINE"]).job(&sandbox).token(&other).env("MINE", &other));
    assert!(condition.ends_with(" | oidc-exchange explain gcp --provider-config - --token-env MINE"), "{condition}");
    let (calls, said) = paste(&condition, scratch, &other);
    expect![[r#"
        gcloud
        iam
        workload-identity-pools
        providers
        describe
        projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore
        --format=json
    "#]]
    .assert_eq(&calls);
    assert!(said.starts_with("error: --provider-config -: not JSON"), "{said}");
}

#[test]
fn a_role() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let refused = |message: &str, arguments: &[&str]| {
        let body = serde_json::json!({ "errors": [message] }).to_string();
        sandbox.vault.script([Fault::Status { status: 400, headers: Vec::new(), body }]);
        let (line, scratch) = line(oidc_exchange(["vault"]).args(arguments).job(&sandbox));
        let (calls, said) = paste(&line, scratch, &token);
        (line, calls, said)
    };
    let bound = "error validating claims: claim \"ref\" does not match any associated bound claim values";
    let (line, calls, said) = refused(bound, &["--role", "ci"]);
    assert_eq!(line, "bao read -format=json auth/jwt/role/ci | oidc-exchange explain vault --role-config -");
    assert_eq!(calls, "bao\nread\n-format=json\nauth/jwt/role/ci\n");
    assert!(said.starts_with("error: --role-config -: not JSON"), "{said}");

    let address = sandbox.vault.url();
    let elsewhere = ["--role", "it's", "--mount", "a b/jwt", "--namespace", "team/$x", "--addr", &address];
    let (_, calls, said) = refused(bound, &elsewhere);
    assert_eq!(
        calls,
        format!("bao\nread\n-address={address}\n-namespace=team/$x\n-format=json\nauth/a b/jwt/role/it's\n")
    );
    assert!(said.starts_with("error: --role-config -: not JSON"), "{said}");

    // The mount's default, whose name the tool tells first.
    let (_, calls, _) = refused(bound, &[]);
    assert_eq!(
        calls,
        "bao\nread\n-field=default_role\nauth/jwt/config\nbao\nread\n-format=json\nauth/jwt/role/no JSON\n"
    );

    let issuer = "error validating token: invalid issuer (iss) claim";
    let (line, calls, _) = refused(issuer, &["--role", "ci"]);
    assert!(line.ends_with("explain vault --role-config - --mount-config mount-config.json"), "{line}");
    assert_eq!(calls, "bao\nread\n-format=json\nauth/jwt/config\nbao\nread\n-format=json\nauth/jwt/role/ci\n");
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
