//! docs/security.md, "Which jobs a rule allows": each cell is the result of `explain`. `UPDATE_EXPECT=1` rewrites it.

use sandbox::{Issuer, Job};
use serde_json::{Value, json};

use crate::faults::document::section_is;
use crate::support::oidc_exchange;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const PROVIDER: &str = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore";

/// A rule: its column, the arguments of `explain`, and the document.
type Rule = (&'static str, &'static [&'static str], Value);

fn jobs() -> Vec<(&'static str, Job)> {
    vec![
        ("a push to `main`", Job::branch("main")),
        ("a push to another branch", Job::branch("fix")),
        ("a tag", Job::tag("v1.0.0")),
        ("a pull request into `main`, also from a fork", Job::pull_request(7, "fix")),
        ("a debug session of a job of `main`", Job::debug_of(&Job::branch("main"))),
        ("a debug session of the project", Job::project_debug()),
    ]
}

/// What `setup` prints for the branch `main`.
fn by_setup(issuer: &Issuer, words: &[&str]) -> Value {
    let token = issuer.token(&Job::branch("main"));
    let output = oidc_exchange(["setup"]).args(words).args(["--format", "json"]).token(&token).run();
    serde_json::from_str(&output.exits(0).stdout()).unwrap()
}

fn rules(issuer: &Issuer) -> Vec<Rule> {
    let (url, project) = (issuer.url(), "936a5312-a3b8-4921-8b3f-2cec8baac574");
    let host = url.strip_prefix("http://").unwrap().to_owned();
    let subject = format!("org:acme:project:{project}:repo:web:*");
    let wide = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": format!("arn:aws:iam::123456789012:oidc-provider/{host}") },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": { format!("{host}:aud"): url },
            "StringLike": { format!("{host}:sub"): subject },
        },
    }] });
    let vault = |claims: Value| json!({ "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": [url], "bound_claims": claims });
    vec![
        ("AWS: `sub` of the project, with `*`", &["aws", "--role-arn", ROLE, "--trust-policy", "rule.json"], wide),
        (
            "Vault: `branch` is `main`",
            &["vault", "--role-config", "rule.json"],
            vault(json!({ "prj_id": project, "branch": "main" })),
        ),
        (
            "Vault: `ref` is `refs/heads/main`",
            &["vault", "--role-config", "rule.json"],
            vault(json!({ "prj_id": project, "ref": "refs/heads/main" })),
        ),
        (
            "`setup aws`",
            &["aws", "--role-arn", ROLE, "--trust-policy", "rule.json"],
            by_setup(issuer, &["aws", "--role-arn", ROLE]),
        ),
        ("`setup gcp`", &["gcp", "--provider-config", "rule.json"], by_setup(issuer, &["gcp", "--provider", PROVIDER])),
        (
            "`setup azure`",
            &["azure", "--credentials", "rule.json"],
            by_setup(issuer, &["azure", "--client-id", "00001111-aaaa-2222-bbbb-3333cccc4444"]),
        ),
        ("`setup vault`", &["vault", "--role-config", "rule.json"], by_setup(issuer, &["vault", "--role", "ci"])),
    ]
}

#[test]
fn which_jobs_a_rule_allows() {
    let issuer = Issuer::start().unwrap();
    let rules = rules(&issuer);
    let names: Vec<&str> = rules.iter().map(|(name, ..)| *name).collect();
    let mut lines = vec![format!("| | {} |", names.join(" | ")), format!("|---{}|", "|---".repeat(names.len()))];
    for (name, job) in jobs() {
        let token = issuer.token(&job);
        let cells = rules.iter().map(|(rule, words, document)| {
            let program = oidc_exchange(["explain"]).args(words.iter()).token(&token);
            program.scratch().write("rule.json", document.to_string());
            let output = program.run();
            match output.code {
                Some(0) => "allowed",
                Some(4) => "denied",
                _ => panic!("{rule}, {name}: {}", output.describe()),
            }
        });
        lines.push(format!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | ")));
    }
    section_is("docs/security.md", "Which jobs a rule allows", &lines.join("\n"));
}
