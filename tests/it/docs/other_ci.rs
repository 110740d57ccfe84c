//! docs/other-ci.md: its jobs run with tokens of those forms, also with the other commands.

use sandbox::{ACCOUNT, DEPLOY_ROLE, Sandbox, trust};
use serde_json::{Map, Value, json};

use super::blocks::of;
use super::{agent, pipelines};
use crate::support::{Output, Program, oidc_exchange, shells};

const PAGE: &str = include_str!("../../../docs/other-ci.md");

/// The subjects according to these systems' documentation.
const GITLAB: &str = "project_path:acme/web:ref_type:branch:ref:main";
const CIRCLE: &str = "org/7d3b11aa-0000-4000-8000-000000000001/project/5f0e6a52-0000-4000-8000-000000000002/user/\
                      9c0e6a52-0000-4000-8000-000000000003/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main";
const BITBUCKET: &str = "{5f0e6a52-0000-4000-8000-000000000002}:{9c0e6a52-0000-4000-8000-000000000003}";
const BUILDKITE: &str = "organization:acme:pipeline:web:ref:refs/heads/main:commit:9f3c:step:deploy";
const GITHUB: &str = "repo:acme/web:ref:refs/heads/main";

/// A token of this issuer with this audience and subject, and more.
fn claims(issuer: &str, audience: &str, subject: &str, more: &Value) -> Map<String, Value> {
    let now = sandbox::now();
    let mut all = json!({ "iss": issuer, "aud": audience, "sub": subject, "iat": now, "nbf": now, "exp": now + 300 });
    let all = all.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    all.clone()
}

/// The commands of the page's nth job, a script each.
fn job(index: usize) -> Vec<String> {
    let read = pipelines::read(&of(PAGE, "yaml")[index]);
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    match index {
        0 => texts(&read["deploy"]["script"]),
        2 => texts(&read["pipelines"]["branches"]["main"][0]["step"]["script"]),
        3 => vec![read["steps"][0]["command"].as_str().unwrap().to_owned()],
        _ => vec![read["jobs"]["deploy"]["steps"][0]["run"].as_str().unwrap().to_owned()],
    }
}

/// Runs it outside Semaphore, with its token in `variable`. The account's rule is for this audience and subject.
fn run(sandbox: &Sandbox, index: usize, variable: &str, audience: &str, subject: &str) -> Output {
    let issuer = sandbox.issuer.url();
    sandbox.aws.register_provider(ACCOUNT, &issuer, &[audience]);
    let mut policy = trust(&issuer, "StringEquals", subject);
    let host = issuer.split_once("://").unwrap().1.to_owned();
    policy["Statement"][0]["Condition"]["StringEquals"][format!("{host}:aud")] = audience.into();
    sandbox.aws.create_role(DEPLOY_ROLE, &policy).unwrap();
    let token = sandbox.issuer.sign(&json!({}), &claims(&issuer, audience, subject, &json!({})));
    let program = Program::new("/bin/bash", ["-ec", &job(index).join("\n")]).beside(sandbox).secret("a token", &token);
    agent::stand_ins(&program);
    // A command that prints a token.
    program.scratch().script("bin/buildkite-agent", "#!/bin/sh\n[ -z \"$BROKEN\" ] && printenv TOKEN\n");
    let curl = "#!/bin/sh\ngrep -qx 'Authorization: bearer asked' && [ -z \"$BROKEN\" ] && printf '{\"value\":\"%s\"}' \"$TOKEN\"\n";
    program.scratch().script("bin/curl", curl);
    program
        .env("AWS_ENDPOINT_URL_STS", sandbox.aws.url())
        .env("VAULT_ADDR", sandbox.vault.url())
        .env(variable, token)
        .run()
}

const DEPLOYED: &str = "deploy.sh \n";

#[test]
fn tokens_in_a_variable() {
    let sandbox = Sandbox::start().unwrap();
    let version = format!("oidc-exchange {}\n", env!("CARGO_PKG_VERSION"));
    run(&sandbox, 1, "CIRCLE_OIDC_TOKEN_V2", "7d3b11aa", CIRCLE).exits(0).stdout_is(DEPLOYED);
    let output = run(&sandbox, 2, "BITBUCKET_STEP_OIDC_TOKEN", "ari:cloud:bitbucket::workspace/1", BITBUCKET);
    output.exits(0).stdout_is(&format!("{version}{DEPLOYED}"));
}

/// Its two tokens have different audiences; the second one is in the job like the first.
#[test]
fn gitlabs_two() {
    let sandbox = Sandbox::start().unwrap();
    let commands = job(0);
    assert!(commands[1].contains("--token-env AWS_TOKEN") && commands[2].contains("--token-env VAULT_ID_TOKEN"));
    let issuer = sandbox.issuer.url();
    let bound = json!({ "project_path": "acme/web", "ref_type": "branch", "ref": "main" });
    let bound = bound.as_object().unwrap();
    sandbox.vault.create_role("ci", "https://vault.example.com", bound.clone(), &["production/"]);
    let token = claims(&issuer, "https://vault.example.com", GITLAB, &Value::Object(bound.clone()));
    let token = sandbox.issuer.sign(&json!({}), &token);
    let program = Program::new("/bin/bash", ["-ec", &format!("{}\n./migrate", commands[2])]).beside(&sandbox);
    agent::stand_ins(&program);
    let program = program.env("VAULT_ADDR", sandbox.vault.url()).secret("a token", &token);
    program.env("VAULT_ID_TOKEN", token).run().exits(0).stdout_is("migrate \n");
    // The first, with the second left out.
    let text = commands[2].clone();
    let output = run(&sandbox, 0, "AWS_TOKEN", "sts.amazonaws.com", GITLAB);
    assert!(output.exits(3).stderr().contains("VAULT_ID_TOKEN"), "{text}: {}", output.describe());
}

#[test]
fn tokens_that_are_asked_for() {
    let sandbox = Sandbox::start().unwrap();
    run(&sandbox, 3, "TOKEN", "sts.amazonaws.com", BUILDKITE).exits(0).stdout_is(DEPLOYED);
    if shells::tool("jq").is_none() {
        return;
    }
    let script = job(4).remove(0);
    assert!(script.contains("$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com"));
    // `run` sets one variable, so the script contains those of the request.
    let issuer = sandbox.issuer.url();
    for (broken, code, said) in [("", 0, DEPLOYED), ("yes", 3, "")] {
        let token = sandbox.issuer.sign(&json!({}), &claims(&issuer, "sts.amazonaws.com", GITHUB, &json!({})));
        let mut policy = trust(&issuer, "StringEquals", GITHUB);
        let host = issuer.split_once("://").unwrap().1.to_owned();
        policy["Statement"][0]["Condition"]["StringEquals"][format!("{host}:aud")] = "sts.amazonaws.com".into();
        sandbox.aws.create_role(DEPLOY_ROLE, &policy).unwrap();
        let program = Program::new("/bin/bash", ["-ec", &script]).beside(&sandbox).secret("a token", &token);
        agent::stand_ins(&program);
        let curl = "#!/bin/sh\n[ \"$4\" = 'x&audience=sts.amazonaws.com' ] && grep -q '^Authorization: bearer asked$' || exit\n\
                    [ -z \"$BROKEN\" ] || exit 22\nprintf '{\"value\":\"%s\"}' \"$TOKEN\"\n";
        program.scratch().script("bin/curl", curl);
        let program = program.env("ACTIONS_ID_TOKEN_REQUEST_URL", "x").env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "asked");
        let program = program.env("AWS_ENDPOINT_URL_STS", sandbox.aws.url()).env("TOKEN", token).env("BROKEN", broken);
        program.run().exits(code).stdout_is(said);
    }
}

/// The forms of the page's table, in `token`, `setup` and `explain`.
#[test]
fn what_the_other_commands_make_of_them() {
    let issuer = sandbox::Issuer::start().unwrap();
    for (subject, iss) in [
        (GITLAB, "https://gitlab.com"),
        (CIRCLE, "https://oidc.circleci.com/org/7d3b11aa"),
        (BITBUCKET, "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"),
        (BUILDKITE, "https://agent.buildkite.com"),
        (GITHUB, "https://token.actions.githubusercontent.com"),
    ] {
        let token =
            issuer.sign(&json!({}), &claims(iss, "a", subject, &json!({ "ref": "main", "ref_type": "branch" })));
        let output = oidc_exchange(["token"]).token(&token).run();
        let said = output.exits(0).stdout();
        let line = "of another CI system: its claims are shown as they are";
        assert!(said.starts_with(&format!("job        {line}\n")) && PAGE.contains(&format!("`{line}`")), "{said}");
        assert_eq!(said.contains("google.subject may have 127"), subject == CIRCLE, "{said}");
        for cloud in ["aws --role-arn arn:aws:iam::123456789012:role/ci", "vault --role ci"] {
            let output = oidc_exchange(["setup"]).args(cloud.split(' ')).token(&token).run();
            assert!(output.exits(2).stderr().starts_with("error: the token is another CI system's"), "{cloud}");
            output.stdout_is("");
        }
    }
}

#[test]
fn the_trust_policy_for_gitlab_is_explained() {
    let issuer = sandbox::Issuer::start().unwrap();
    let [policy] = &of(PAGE, "json")[..] else { panic!("one policy") };
    for (subject, code) in [(GITLAB.to_owned(), 0), (GITLAB.replace("main", "fix"), 4)] {
        let token = issuer.sign(&json!({}), &claims("https://gitlab.com", "sts.amazonaws.com", &subject, &json!({})));
        let output =
            oidc_exchange(["explain", "aws", "--trust-policy", "-"]).token(&token).stdin(policy.as_str()).run();
        assert_eq!(output.exits(code).stdout().contains("^ differs from here"), code == 4);
    }
}

/// The session's name, and a directory that `clean` finds or does not find.
#[test]
fn outside_semaphore() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&sandbox::Job::branch("main"));
    let job = |script: &str| {
        let program = Program::new("/bin/sh", ["-euc", script]).beside(&sandbox).token(&token);
        program.env("AWS_ENDPOINT_URL_STS", sandbox.aws.url()).run()
    };
    let exchange = format!("eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE} --refreshable)\"\n");
    let then = "oidc-exchange clean >/dev/null; test -e \"$AWS_WEB_IDENTITY_TOKEN_FILE\" && echo there || echo gone";
    job(&format!("{exchange}echo \"$AWS_ROLE_SESSION_NAME\"")).exits(0).stdout_is("oidc-exchange\n");
    job(&format!("{exchange}{then}")).exits(0).stdout_is("there\n");
    job(&format!("export OIDC_EXCHANGE_DIR=\"$PWD/job\"\n{exchange}{then}")).exits(0).stdout_is("gone\n");
}
