//! Shared by these tests: a token of branch `main`, the narrowest role for it, and changes of both.

mod checks;
mod lints;
mod reading;

use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_786_400_000;

/// The place of a role if nothing is known of it.
fn place() -> Place {
    Place::new(None, None).unwrap()
}

/// A document in the form of `bao read -format=json`.
fn document(data: &Value) -> Document {
    let envelope = json!({ "request_id": "1", "lease_id": "", "data": data, "warnings": null });
    Document::from_text("--role-config f", envelope.to_string().as_bytes()).unwrap()
}

/// A role with few requirements, changed by these settings.
pub(super) fn role(over: &Value) -> Role {
    let mut data =
        json!({ "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": ["https://acme.semaphoreci.com"] });
    data.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    Role::read(&document(&data), ClientCommand::Bao, &place()).unwrap()
}

pub(super) fn claims(value: &Value) -> Claims {
    Claims::new(serde_json::from_value(value.clone()).unwrap())
}

const ORG: &str = "https://acme.semaphoreci.com";

const ID: &str = "936a5312-a3b8-4921-8b3f-2cec8baac574";

fn over(base: Value, over: &Value) -> Value {
    let mut base = base;
    for (name, value) in over.as_object().unwrap() {
        if value == "(none)" {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

/// The claims of a job on branch `main`.
fn token() -> Value {
    json!({
        "iss": ORG, "aud": ORG, "iat": NOW, "nbf": NOW, "exp": NOW + 86_400, "jti": "2s557dchalv2mv76kk000el1",
        "sub": format!("org:acme:project:{ID}:repo:web:ref_type:branch:ref:refs/heads/main"), "prj_id": ID, "repo": "web",
        "repo_slug": "acme/web", "ref_type": "branch", "ref": "refs/heads/main", "branch": "main", "actor": "", "tag": "",
        "pr": "", "pr_branch": "", "job_type": "pipeline_job", "job_id": "c117", "wf_id": "1be8", "ppl_id": "1e1f",
        "trg": "h:f-i:f", "org": "acme",
    })
}

/// The narrowest role.
fn hardened() -> Value {
    json!({
        "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": [ORG], "bound_claims_type": "string",
        "bound_claims": { "prj_id": ID, "ref_type": "branch", "ref": "refs/heads/main", "job_type": "pipeline_job" },
        "claim_mappings": { "job_id": "job_id" }, "token_policies": ["production"], "token_ttl": 900, "token_max_ttl": 3600,
    })
}

fn rule(role: &Value, mount: Option<&Value>) -> Rule {
    Rule::new(&document(role), mount.map(document).as_ref(), ClientCommand::Bao, place()).unwrap()
}

/// Evaluates the narrowest role with these settings changed, on the token with these claims changed.
fn judge(role_says: &Value, token_says: &Value) -> Explanation {
    rule(&over(hardened(), role_says), None).evaluate(&claims(&over(token(), token_says)), Some("RS256"), NOW)
}

/// The same, with this configuration of the mount.
fn judge_at(mount: &Value, token_says: &Value, algorithm: &str) -> Explanation {
    let mount = over(json!({ "oidc_discovery_url": ORG, "bound_issuer": ORG, "status": "valid" }), mount);
    rule(&hardened(), Some(&mount)).evaluate(&claims(&over(token(), token_says)), Some(algorithm), NOW)
}

/// The server's messages, one for each fault.
fn said(explanation: &Explanation) -> Vec<String> {
    fn collect(checks: &Value, said: &mut Vec<String>) {
        for check in checks.as_array().unwrap() {
            let facts = check["facts"].as_array().unwrap();
            said.extend(facts.iter().filter_map(|fact| fact["answer"].as_str()).map(str::to_owned));
            collect(&check["parts"], said);
        }
    }
    let mut all = Vec::new();
    collect(&serde_json::from_str::<Value>(&explanation.json()).unwrap()["checks"], &mut all);
    all
}

#[track_caller]
fn refused(explanation: &Explanation, expected: &[&str]) {
    assert_eq!(explanation.verdict, Verdict::Refused, "{}", explanation.text());
    assert_eq!(said(explanation), expected, "{}", explanation.text());
}

#[track_caller]
fn accepted(explanation: &Explanation) {
    assert_eq!(explanation.verdict, Verdict::Accepted, "{}", explanation.text());
    assert_eq!(said(explanation), [""; 0]);
}

#[track_caller]
fn cannot_tell(explanation: &Explanation) {
    assert_eq!(explanation.verdict, Verdict::CannotTell, "{}", explanation.text());
}
