//! Every check on its own, and what is read of the files.

use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_786_400_000;

/// A document as `bao read -format=json` prints it.
fn document(data: &Value) -> Document {
    let envelope = json!({ "request_id": "1", "lease_id": "", "data": data, "warnings": null });
    Document::from_text("--role-config f", envelope.to_string().as_bytes()).unwrap()
}

/// A role with these settings over one that asks for little.
pub(super) fn role(over: &Value) -> Role {
    let mut data =
        json!({ "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": ["https://acme.semaphoreci.com"] });
    data.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    Role::read(&document(&data)).unwrap()
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

/// The role that lets in nobody else.
fn hardened() -> Value {
    json!({
        "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": [ORG], "bound_claims_type": "string",
        "bound_claims": { "prj_id": ID, "ref_type": "branch", "ref": "refs/heads/main", "job_type": "pipeline_job" },
        "claim_mappings": { "job_id": "job_id" }, "token_policies": ["production"], "token_ttl": 900, "token_max_ttl": 3600,
    })
}

fn rule(role: &Value, mount: Option<&Value>) -> Rule {
    Rule::new(&document(role), mount.map(document).as_ref()).unwrap()
}

/// The hardened role with these settings over it, asked with the token with these claims over it.
fn judge(role_says: &Value, token_says: &Value) -> Judgement {
    rule(&over(hardened(), role_says), None).judge(&claims(&over(token(), token_says)), Some("RS256"), NOW)
}

/// With this configuration of the mount.
fn judge_at(mount: &Value, token_says: &Value, algorithm: &str) -> Judgement {
    let mount = over(json!({ "oidc_discovery_url": ORG, "bound_issuer": ORG, "status": "valid" }), mount);
    rule(&hardened(), Some(&mount)).judge(&claims(&over(token(), token_says)), Some(algorithm), NOW)
}

/// What the server would say, fault by fault.
fn said(judgement: &Judgement) -> Vec<String> {
    fn collect(checks: &Value, said: &mut Vec<String>) {
        for check in checks.as_array().unwrap() {
            let facts = check["facts"].as_array().unwrap();
            said.extend(facts.iter().filter_map(|fact| fact["would say"].as_str()).map(str::to_owned));
            collect(&check["parts"], said);
        }
    }
    let mut all = Vec::new();
    collect(&serde_json::from_str::<Value>(&judgement.json()).unwrap()["checks"], &mut all);
    all
}

#[track_caller]
fn refused(judgement: &Judgement, expected: &[&str]) {
    assert_eq!(judgement.verdict, Verdict::Refused, "{}", judgement.text());
    assert_eq!(said(judgement), expected, "{}", judgement.text());
}

#[track_caller]
fn accepted(judgement: &Judgement) {
    assert_eq!(judgement.verdict, Verdict::Accepted, "{}", judgement.text());
    assert_eq!(said(judgement), [""; 0]);
}

#[track_caller]
fn cannot_tell(judgement: &Judgement) {
    assert_eq!(judgement.verdict, Verdict::CannotTell, "{}", judgement.text());
}

#[test]
fn the_hardened_role_is_for_its_branchs_pipelines() {
    let judgement = judge(&json!({}), &json!({}));
    accepted(&judgement);
    assert_eq!(judgement.lints, [""; 0]);
}

#[test]
fn the_role_type() {
    for role_type in ["oidc", "", "(none)"] {
        refused(
            &judge(&json!({ "role_type": role_type }), &json!({})),
            &["400 role with oidc role_type is not allowed"],
        );
    }
}

#[test]
fn the_jobs_address_is_not_in_the_token() {
    cannot_tell(&judge(&json!({ "token_bound_cidrs": ["10.0.0.0/8"] }), &json!({})));
    cannot_tell(&judge(&json!({ "bound_cidrs": ["10.0.0.0/8"] }), &json!({})));
    // What fails whatever the address is, fails.
    let both = judge(&json!({ "token_bound_cidrs": ["10.0.0.0/8"], "user_claim": "actor" }), &json!({}));
    refused(&both, &["500 missing name in alias"]);
}

#[test]
fn the_signatures_algorithm() {
    accepted(&judge_at(&json!({}), &json!({}), "ES512"));
    accepted(&judge_at(&json!({ "jwt_supported_algs": ["RS384", "RS256"] }), &json!({}), "RS256"));
    let said =
        "400 error validating token: invalid algorithm (alg) header parameter: token signed with unexpected algorithm";
    refused(&judge_at(&json!({ "jwt_supported_algs": ["ES256"] }), &json!({}), "RS256"), &[said]);
    let none = "400 error validating token: error verifying token signature: …";
    for algorithm in ["none", "HS256"] {
        refused(&judge_at(&json!({}), &json!({}), algorithm), &[none]);
    }
    let role = rule(&hardened(), None);
    refused(&role.judge(&claims(&token()), None, NOW), &[none]);
}

#[test]
fn the_registered_claims_have_types() {
    let audience =
        "400 error validating token: go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience";
    let date = "400 error validating token: go-jose/go-jose/jwt: expected number value to unmarshal NumericDate";
    for aud in [json!(null), json!(5), json!({}), json!([ORG, 5])] {
        assert_eq!(said(&judge(&json!({}), &json!({ "aud": aud })))[0], audience, "{aud}");
    }
    for name in ["exp", "iat", "nbf"] {
        for value in [json!("soon"), json!(true), json!([])] {
            assert_eq!(said(&judge(&json!({}), &json!({ name: value })))[0], date, "{name}");
        }
        accepted(&judge(&json!({}), &json!({ name: null })));
    }
    let text = |name: &str, kind: &str| {
        format!(
            "400 error validating token: json: cannot unmarshal {kind} into Go struct field Claims.{name} of type string"
        )
    };
    refused(&judge(&json!({}), &json!({ "jti": 5 })), &[&text("jti", "number")]);
    refused(&judge(&json!({}), &json!({ "sub": [] })), &[&text("sub", "array")]);
    refused(&judge(&json!({}), &json!({ "iss": {} })), &[&text("iss", "object")]);
    accepted(&judge(&json!({}), &json!({ "jti": null, "sub": null })));
}

#[test]
fn the_issuer_is_the_mounts() {
    accepted(&judge_at(&json!({}), &json!({}), "RS256"));
    let said = "400 error validating token: invalid issuer (iss) claim";
    let slash = judge_at(&json!({ "bound_issuer": format!("{ORG}/") }), &json!({}), "RS256");
    refused(&slash, &[said]);
    assert_eq!(
        slash.notes[0],
        format!(
            "to mend the auth method, whose configuration is always written as a whole: printf %s '{{\"bound_issuer\":\"{ORG}\",\"oidc_discovery_url\":\"{ORG}\"}}' | bao write auth/jwt/config -"
        )
    );
    refused(&judge_at(&json!({}), &json!({ "iss": "(none)" }), "RS256"), &[said]);
    let unbound = judge_at(&json!({ "bound_issuer": "" }), &json!({ "iss": "https://other.test" }), "RS256");
    accepted(&unbound);
    assert_eq!(
        unbound.lints,
        ["the mount has no bound_issuer: whatever its keys have signed is taken, whomever it says it is from"]
    );
    assert_eq!(
        unbound.notes[0],
        format!("the mount's keys are those of {ORG}: a token of https://other.test is hardly signed with them")
    );
    let invalid = judge_at(&json!({ "status": "invalid" }), &json!({}), "RS256");
    assert_eq!(
        invalid.notes[0],
        "the server says of this configuration that it is invalid: it cannot get the issuer's keys"
    );
    let secret = judge_at(&json!({ "bound_issuer": "x", "oidc_client_id": "y" }), &json!({}), "RS256");
    assert!(
        secret.notes[0].starts_with("to mend the auth method, with its oidc_client_secret added, which is not shown: ")
    );
}

#[test]
fn the_subject_is_exact() {
    let sub = token()["sub"].clone();
    accepted(&judge(&json!({ "bound_subject": sub }), &json!({})));
    let said = "400 error validating token: invalid subject (sub) claim";
    let other = judge(&json!({ "bound_subject": "org:acme:*" }), &json!({}));
    refused(&other, &[said]);
    assert_eq!(
        other.notes[0],
        format!(
            "to let this job in as well, if it is meant to be: printf %s '{}' | bao write auth/jwt/role/NAME -",
            json!({ "bound_subject": sub, "role_type": "jwt" })
        )
    );
    refused(&judge(&json!({ "bound_subject": sub }), &json!({ "sub": "(none)" })), &[said]);
}

#[test]
fn the_audiences() {
    let unlike =
        "400 error validating token: invalid audience (aud) claim: audience claim does not match any expected audience";
    let unbound = "400 audience claim found in JWT but no audiences bound to the role";
    for aud in [json!(ORG), json!([ORG]), json!(["x", ORG])] {
        accepted(&judge(&json!({ "bound_audiences": ["y", ORG] }), &json!({ "aud": aud })));
        refused(&judge(&json!({ "bound_audiences": [format!("{ORG}/")] }), &json!({ "aud": aud })), &[unlike]);
        refused(&judge(&json!({ "bound_audiences": null }), &json!({ "aud": aud })), &[unbound]);
    }
    refused(&judge(&json!({}), &json!({ "aud": "(none)" })), &[unlike]);
    refused(&judge(&json!({ "bound_audiences": [] }), &json!({ "aud": "" })), &[unbound]);
    accepted(&judge(&json!({ "bound_audiences": [] }), &json!({ "aud": "(none)" })));
    accepted(&judge(&json!({ "bound_audiences": [] }), &json!({ "aud": [] })));
    let mended = judge(&json!({ "bound_audiences": null }), &json!({}));
    assert_eq!(
        mended.lints,
        ["the role has no bound_audiences: it takes no Semaphore token, each of which has an audience"]
    );
    assert_eq!(
        mended.notes[0],
        format!(
            "to mend the role: printf %s '{{\"bound_audiences\":[\"{ORG}\"],\"role_type\":\"jwt\"}}' | bao write auth/jwt/role/NAME -"
        )
    );
}

#[test]
fn the_times() {
    let old = json!({ "iat": NOW - 90_000, "nbf": NOW - 90_000, "exp": NOW - 3600 });
    let expired = judge(&json!({}), &old);
    refused(&expired, &["400 error validating token: invalid expiration time (exp) claim: token is expired"]);
    assert_eq!(expired.notes[0], "a job gets one token, good for 24 hours, and cannot ask for another: run it again");
    let early = judge(&json!({}), &json!({ "iat": NOW + 99, "nbf": NOW + 99 }));
    refused(
        &early,
        &[
            "400 error validating token: invalid not before (nbf) claim: token not yet valid",
            "400 error validating token: invalid issued at (iat) claim: token issued in the future",
        ],
    );
    assert_eq!(early.notes.iter().filter(|note| note.contains("clock_skew_leeway")).count(), 1);
    let timeless = judge(&json!({}), &json!({ "iat": "(none)", "nbf": null, "exp": 0 }));
    let said =
        "400 error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token";
    refused(&timeless, &[said]);
    // All that is wrong besides is said too.
    let both = judge(&json!({ "user_claim": "nope" }), &old);
    assert_eq!(said_first(&both, 2)[1], "400 claim \"nope\" not found in token");
}

fn said_first(judgement: &Judgement, count: usize) -> Vec<String> {
    said(judgement).into_iter().take(count).collect()
}

#[test]
fn the_user_claim() {
    let absent = |name: &str| format!("400 claim {name:?} not found in token");
    let no_text = |name: &str| format!("400 claim {name:?} could not be converted to string");
    refused(&judge(&json!({ "user_claim": "nope" }), &json!({})), &[&absent("nope")]);
    refused(&judge(&json!({ "user_claim": "x" }), &json!({ "x": null })), &[&absent("x")]);
    refused(&judge(&json!({ "user_claim": "exp" }), &json!({})), &[&no_text("exp")]);
    refused(&judge(&json!({ "user_claim": "x" }), &json!({ "x": ["a"] })), &[&no_text("x")]);
    let empty = judge(&json!({ "user_claim": "actor" }), &json!({}));
    refused(&empty, &["500 missing name in alias"]);
    assert_eq!(empty.lints, ["user_claim is actor, which is empty in every job: their logins fail"]);
    assert_eq!(
        empty.notes[0],
        "to mend the role: printf %s '{\"role_type\":\"jwt\",\"user_claim\":\"prj_id\"}' | bao write auth/jwt/role/NAME -"
    );
    let without = judge(&json!({ "user_claim": "actor", "bound_claims": {} }), &json!({ "prj_id": "(none)" }));
    assert_eq!(
        without.notes[0],
        "once mended, the role lets in whom the lints name: `oidc-exchange setup vault` prints one that lets in this project's ref and nobody else"
    );
    assert!(without.notes[1].contains("\"user_claim\":\"sub\""));
    // The order: the claims are looked at before the entity is.
    refused(
        &judge(&json!({ "user_claim": "actor", "bound_claims": { "repo": "x" } }), &json!({})),
        &[
            "400 error validating claims: claim \"repo\" does not match any associated bound claim values",
            "500 missing name in alias",
        ],
    );
}

#[test]
fn the_user_claim_may_be_a_pointer() {
    let pointer = |name: &str| json!({ "user_claim": name, "user_claim_json_pointer": true });
    accepted(&judge(&pointer("/a/b"), &json!({ "a": { "b": "c" } })));
    accepted(&judge(&pointer("prj_id"), &json!({})));
    refused(
        &judge(&json!({ "user_claim": "/a/b" }), &json!({ "a": { "b": "c" } })),
        &["400 claim \"/a/b\" not found in token"],
    );
    accepted(&judge(&json!({ "user_claim": "/a/b" }), &json!({ "/a/b": "c" })));
    accepted(&judge(&json!({ "user_claim": "aud" }), &json!({})));
    cannot_tell(&judge(&pointer("aud"), &json!({})));
}

#[test]
fn mapped_claims_are_texts() {
    let maps = |mappings: Value| json!({ "claim_mappings": mappings });
    accepted(&judge(&maps(json!({ "ref": "r", "nope": "n", "actor": "a" })), &json!({})));
    let wrong = judge(&maps(json!({ "exp": "e", "ref": "r", "/a/b": "ab" })), &json!({ "a": { "b": [] } }));
    refused(&wrong, &["400 error converting claim '/a/b' to string", "400 error converting claim 'exp' to string"]);
    assert!(wrong.notes[0].contains(r#"{"claim_mappings":{"ref":"r"},"role_type":"jwt"}"#), "{}", wrong.notes[0]);
    cannot_tell(&judge(&maps(json!({ "aud": "a" })), &json!({})));
    refused(
        &judge(&maps(json!({ "aud": "a" })), &json!({ "aud": [ORG] })),
        &["400 error converting claim 'aud' to string"],
    );
}

#[test]
fn groups() {
    let groups = |value: Value| judge(&json!({ "groups_claim": "g" }), &json!({ "g": value }));
    accepted(&groups(json!(["a", ""])));
    accepted(&groups(json!("a")));
    accepted(&groups(json!([])));
    refused(&groups(json!("(none)")), &["400 failed to fetch groups: \"g\" claim not found in token"]);
    refused(&groups(json!(null)), &["400 failed to fetch groups: \"g\" claim not found in token"]);
    refused(&groups(json!({})), &["400 \"g\" claim could not be converted to string list"]);
    refused(&groups(json!(["a", 5])), &["400 value 5 in groups claim could not be parsed as string"]);
    refused(&groups(json!(true)), &["400 value true in groups claim could not be parsed as string"]);
    refused(&groups(json!([[]])), &["400 value …"]);
    let mount = json!({ "jwks_url": "https://x.test", "provider_config": { "provider": "azure" } });
    let provider = rule(&over(hardened(), &json!({ "groups_claim": "g" })), Some(&mount));
    cannot_tell(&provider.judge(&claims(&token()), Some("RS256"), NOW));
}

#[test]
fn bound_claims_are_all_needed() {
    let unlike = |name: &str| {
        format!("400 error validating claims: claim {name:?} does not match any associated bound claim values")
    };
    let both = judge(
        &json!({ "bound_claims": { "ref": ["refs/heads/a", "refs/heads/b"], "repo": "api", "prj_id": ID } }),
        &json!({}),
    );
    refused(&both, &[&unlike("ref"), &unlike("repo")]);
    assert_eq!(
        both.notes[0],
        format!(
            "to let this job in as well, if it is meant to be: printf %s '{}' | bao write auth/jwt/role/NAME -",
            json!({ "bound_claims": { "ref": ["refs/heads/a", "refs/heads/b", "refs/heads/main"], "repo": ["api", "web"],
                    "prj_id": ID }, "role_type": "jwt" })
        )
    );
    let absent = judge(&json!({ "bound_claims": { "environment": "production" } }), &json!({}));
    refused(&absent, &["400 error validating claims: claim \"environment\" is missing"]);
    assert!(absent.text().contains("because    Semaphore's tokens have no such claim"));
    let left_out = judge(&json!({}), &json!({ "ref": "(none)" }));
    refused(&left_out, &["400 error validating claims: claim \"ref\" is missing"]);
    assert!(left_out.text().contains("because    the organization's settings leave it out"));
    refused(
        &judge(&json!({ "bound_claims": { "x": "a", "ref": {} } }), &json!({ "x": {} })),
        &[
            "400 error validating claims: bound claim is not a string, bool, int or list: …",
            "400 error validating claims: received claim is not a string, bool, int or list: …",
        ],
    );
    cannot_tell(&judge(&json!({ "bound_claims": { "x": 5 } }), &json!({ "x": 5.5 })));
}

#[test]
fn patterns() {
    let glob = |reference: &str| {
        json!({ "bound_claims_type": "glob", "bound_claims": { "ref": reference, "prj_id": ID,
        "ref_type": "branch", "job_type": "pipeline_job" } })
    };
    let matched = judge(&glob("refs/heads/*"), &json!({}));
    accepted(&matched);
    assert!(matched.text().contains("✓ ref is refs/heads/main, as refs/heads/* has it"));
    let other = judge(&glob("refs/heads/release/*"), &json!({}));
    refused(&other, &["400 error validating claims: claim \"ref\" does not match any associated bound claim values"]);
    assert!(other.notes[0].contains(r#""bound_claims_type":"glob""#), "else the write would make it string");
    let literal = judge(&json!({ "bound_claims": { "ref": "refs/heads/*" } }), &json!({}));
    assert!(literal.text().contains("because    bound_claims_type is string: a `*` stands for itself"));
}

#[test]
fn policies_decide_too() {
    refused(
        &judge(&json!({ "token_policies": ["root", "a"], "user_claim": "actor" }), &json!({})),
        &["500 missing name in alias", "400 auth methods cannot create root tokens"],
    );
    let template = json!({ "token_policies": ["{{.prj_id}}"], "token_policies_template_claims": true });
    cannot_tell(&judge(&template, &json!({})));
    accepted(&judge(&json!({ "token_policies": ["{{.prj_id}}"] }), &json!({})));
}

#[test]
fn another_kind_of_job_is_told_that_it_is_one() {
    let note = |token_says: &Value| judge(&json!({}), token_says).notes.swap_remove(0);
    let pull = json!({ "ref_type": "pull-request", "ref": "refs/semaphoreci/5c84", "pr": "1" });
    assert!(
        note(&pull).starts_with("this is a pull-request job: a role for a branch does not let it in, and should not")
    );
    let debug = json!({ "job_type": "debug_job" });
    assert!(note(&debug).starts_with("this is a debug session, "));
    let project = json!({ "job_type": "project_debug_job", "ref_type": "", "ref": "" });
    assert!(note(&project).starts_with("this is a debug session of the project"));
    for kept_out in [pull, debug, project] {
        let notes = judge(&json!({}), &kept_out).notes;
        assert!(!notes.iter().any(|note| note.contains("to let this job in")), "{notes:?}");
    }
    let tag = json!({ "ref_type": "tag", "ref": "refs/tags/v1" });
    assert_eq!(note(&tag), "this is a tag's job: a role for a branch does not let it in");
    assert!(judge(&json!({}), &tag).notes[1].starts_with("to let this job in as well"));
}

#[track_caller]
fn lints(role_says: &Value, expected: &[&str]) {
    let judgement = judge(role_says, &json!({}));
    assert_eq!(judgement.lints, expected);
    // They are the role's, whichever job asks.
    for other in [
        json!({ "ref": "refs/heads/feature", "branch": "feature", "prj_id": "00000000-0000-0000-0000-000000000001", "repo": "api" }),
        json!({ "ref_type": "pull-request", "ref": "refs/semaphoreci/5c84", "pr": "1", "pr_branch": "x" }),
        json!({ "job_type": "debug_job", "wf_id": "", "ppl_id": "" }),
    ] {
        let sub = format!(
            "org:acme:project:{}:repo:web:ref_type:{}:ref:{}",
            other["prj_id"].as_str().unwrap_or(ID),
            other["ref_type"].as_str().unwrap_or("branch"),
            other["ref"].as_str().unwrap_or("refs/heads/main")
        );
        let other = over(other, &json!({ "sub": sub }));
        assert_eq!(judge(role_says, &other).lints, expected, "{other}");
    }
}

const PULL_REQUESTS: &str = "pull requests are let in, those from forks among them; bind ref_type to branch and ref to refs/heads/… to keep them out";
const PULL_REQUESTS_INTO: &str = "pull requests are let in, those from forks among them: in their jobs `branch` is the branch that they ask to be merged into; bind ref_type to branch and ref to refs/heads/… to keep them out";
const DEBUG: &str =
    "debug sessions are let in (`sem debug job`, `sem debug project`); bind job_type to pipeline_job to keep them out";
const DEBUG_JOB: &str = "debug sessions are let in (`sem debug job`); bind job_type to pipeline_job to keep them out";
const ANY_PROJECT: &str = "jobs of every project of the organization are let in; bind prj_id to keep them out";
const NAMESAKES: &str =
    "jobs of every project of the organization whose repository has this name are let in; bind prj_id to keep them out";

#[test]
fn whom_a_role_lets_in_besides() {
    let bound = |claims: Value| json!({ "bound_claims": claims });
    let repo = "every login fails without repo, and once an organization chooses its tokens' claims it gets org and prj (in an installation of its own also repo and pr_branch) only where it asks for them";
    lints(&bound(json!({ "repo": "web", "branch": "main" })), &[PULL_REQUESTS_INTO, DEBUG, NAMESAKES, repo]);
    lints(&bound(json!({ "prj_id": ID, "branch": "main" })), &[PULL_REQUESTS_INTO, DEBUG]);
    lints(&bound(json!({ "prj_id": ID })), &[PULL_REQUESTS, DEBUG]);
    lints(&bound(json!({ "prj_id": ID, "branch": "main", "ref_type": "branch" })), &[DEBUG_JOB]);
    lints(&bound(json!({ "prj_id": ID, "ref": "refs/heads/main" })), &[DEBUG_JOB]);
    lints(&bound(json!({ "prj_id": ID, "ref": "refs/heads/main", "job_type": "pipeline_job" })), &[]);
    lints(&bound(json!({ "prj_id": ID, "ref": "refs/heads/main", "wf_id": "1be8" })), &[]);
    lints(&bound(json!({ "prj_id": ID, "job_type": "pipeline_job" })), &[PULL_REQUESTS]);
    lints(&bound(json!({ "ref": "refs/heads/main", "job_type": "pipeline_job" })), &[ANY_PROJECT]);
    lints(&bound(json!({ "prj_id": [ID, "1"], "ref_type": ["branch", "tag"], "job_type": "pipeline_job" })), &[]);
    lints(&bound(json!({ "prj_id": ID, "pr": "", "job_type": "pipeline_job" })), &[]);
    lints(&json!({ "bound_claims": {} }), &[PULL_REQUESTS, DEBUG, ANY_PROJECT]);
    lints(&json!({ "bound_claims": {}, "bound_subject": token()["sub"] }), &[DEBUG_JOB]);
    let glob = |claims: Value| json!({ "bound_claims": claims, "bound_claims_type": "glob" });
    lints(&glob(json!({ "prj_id": ID, "ref": "refs/*", "job_type": "pipeline_job" })), &[PULL_REQUESTS]);
    lints(
        &glob(json!({ "prj_id": ID, "ref": "refs/heads/*", "job_type": "*_job" })),
        &[
            DEBUG_JOB,
            "job_type is bound to *_job, and x/y_job is let in too: `*` stands for any text, slashes among it",
        ],
    );
}

/// A role that binds `sub` alone is asked with a job's own organization and project.
#[test]
fn a_bound_subject_pattern_is_asked_too() {
    let glob = |sub: String| json!({ "bound_claims": { "sub": sub, "job_type": "pipeline_job" }, "bound_claims_type": "glob" });
    let lints = |sub: String| judge(&glob(sub), &json!({})).lints;
    assert_eq!(lints(format!("org:acme:project:{ID}:*")), [PULL_REQUESTS]);
    assert_eq!(lints("org:acme:*".into()), [PULL_REQUESTS, ANY_PROJECT]);
    assert_eq!(lints(format!("org:acme:project:{ID}:repo:web:ref_type:branch:ref:refs/heads/*")), [""; 0]);
    assert_eq!(
        lints("org:acme:project:*:repo:web:ref_type:branch:ref:refs/heads/main".into()),
        [
            NAMESAKES,
            "sub is bound to org:acme:project:*:repo:web:ref_type:branch:ref:refs/heads/main, and org:acme:project:x/y:repo:web:ref_type:branch:ref:refs/heads/main is let in too: `*` stands for any text, slashes among it",
        ]
    );
}

#[test]
fn stars_that_are_not_what_they_seem() {
    let role = |kind: &str, reference: &str| {
        json!({ "bound_claims_type": kind, "bound_claims": { "prj_id": ID,
        "ref_type": "branch", "ref": reference, "job_type": "pipeline_job" } })
    };
    let lints = |kind: &str, reference: &str| judge(&role(kind, reference), &json!({})).lints;
    assert_eq!(lints("glob", "refs/heads/*"), [""; 0]);
    assert_eq!(
        lints("glob", "refs/heads/main*"),
        [
            "ref is bound to refs/heads/main*, and refs/heads/mainx/y is let in too: `*` stands for any text, slashes among it"
        ]
    );
    assert_eq!(
        lints("glob", "refs/heads/*/stable"),
        [
            "ref is bound to refs/heads/*/stable, and refs/heads/x/y/stable is let in too: `*` stands for any text, slashes among it"
        ]
    );
    assert_eq!(lints("glob", "*"), ["ref is bound to *, which every text is, an empty one too"]);
    assert_eq!(
        lints("string", "refs/heads/*"),
        ["ref is bound to refs/heads/*, where `*` stands for itself: bound_claims_type is string"]
    );
}

#[test]
fn what_the_login_gives() {
    let lints = |role_says: Value| judge(&role_says, &json!({})).lints;
    assert_eq!(
        lints(json!({ "user_claim": "job_id" })),
        ["user_claim is job_id: every job makes a new entity on the server"]
    );
    assert_eq!(
        lints(json!({ "user_claim": "jti" })),
        ["user_claim is jti: every job makes a new entity on the server"]
    );
    assert_eq!(
        lints(json!({ "user_claim": "wf_id" })),
        [
            "user_claim is wf_id, which is empty in debug sessions: their logins fail",
            "user_claim is wf_id: every workflow makes a new entity on the server",
        ]
    );
    assert_eq!(
        lints(json!({ "user_claim": "org" })),
        [
            "every login fails without org, and once an organization chooses its tokens' claims it gets org and prj (in an installation of its own also repo and pr_branch) only where it asks for them"
        ]
    );
    assert_eq!(
        lints(json!({ "token_policies": [] })),
        ["the role has no token_policies: unless the entity or its groups have some, the token may read no secret"]
    );
    assert_eq!(
        lints(json!({ "token_ttl": 0 })),
        ["token_ttl is not set: the token lives for the server's default, 32 days unless it was changed"]
    );
    assert_eq!(lints(json!({ "token_ttl": 0, "token_period": 900 })), [""; 0]);
    assert_eq!(lints(json!({ "token_ttl": 90_000 })), ["the token lives for 25 hours, and the job's own token for 24"]);
    assert_eq!(
        lints(json!({ "token_num_uses": 1 })),
        ["token_num_uses is 1: each path that is read is a use, and so is revoking the token at the end"]
    );
    assert_eq!(
        lints(json!({ "token_no_default_policy": true })),
        ["token_no_default_policy: without the default policy the token can be neither renewed nor revoked by the job"]
    );
    assert_eq!(
        lints(json!({ "token_type": "batch" })),
        ["token_type is batch: the token can be neither renewed nor revoked"]
    );
    assert_eq!(
        lints(json!({ "policies": ["a"], "ttl": 300, "max_ttl": 600, "period": 1, "num_uses": 0, "bound_cidrs": [] })),
        [
            "policies is an old name of token_policies",
            "ttl is an old name of token_ttl",
            "max_ttl is an old name of token_max_ttl",
            "period is an old name of token_period",
            "num_uses is an old name of token_num_uses",
            "bound_cidrs is an old name of token_bound_cidrs",
        ]
    );
}

#[test]
fn the_body_of_a_write_is_read_as_well() {
    let body = json!({
        "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": format!("https://x.test, {ORG}"),
        "bound_claims": { "prj_id": ID, "ref_type": "branch", "ref": "refs/heads/main", "job_type": "pipeline_job" },
        "policies": "production", "ttl": "1d 1h", "clock_skew_leeway": "30",
    });
    let document = Document::from_text("--role-config f", body.to_string().as_bytes()).unwrap();
    let judgement = Rule::new(&document, None).unwrap().judge(&claims(&token()), Some("RS256"), NOW);
    accepted(&judgement);
    assert_eq!(judgement.lints[0], "the token lives for 25 hours, and the job's own token for 24");
}

#[track_caller]
fn no_role(text: &str, why: &str) {
    let document = Document::from_text("--role-config f", text.as_bytes()).unwrap();
    assert_eq!(Rule::new(&document, None).unwrap_err().to_string(), format!("--role-config f: {why}"));
}

#[test]
fn what_is_no_role_is_told_what_it_is() {
    no_role(r#"["ci","web"]"#, "it is a list, and not a role of the JWT auth method");
    no_role("7", "it is no object, and not a role of the JWT auth method");
    no_role(r#"{"data":{"keys":["ci"]}}"#, "data: it is a list of names, and not a role of the JWT auth method");
    no_role(
        r#"{"errors":["permission denied"]}"#,
        "it is an error of the server's, and not a role of the JWT auth method",
    );
    no_role(
        r#"{"data":{"bound_service_account_names":["a"],"policies":["c"]}}"#,
        "data: it is a role of the Kubernetes auth method, and not a role of the JWT auth method",
    );
    no_role(
        r#"{"data":{"bind_secret_id":true}}"#,
        "data: it is a role of the AppRole auth method, and not a role of the JWT auth method",
    );
    no_role(
        r#"{"data":{"cel_program":{"expression":"true"}}}"#,
        "data: it is a CEL role, whose program is not evaluated here, and not a role of the JWT auth method",
    );
    no_role(
        r#"{"data":{"oidc_discovery_url":"https://x"}}"#,
        "data: it is the configuration of a JWT auth method, and not a role of the JWT auth method",
    );
    no_role(
        r#"{"data":null,"wrap_info":{"token":"x"}}"#,
        "it is a wrapped answer, which only its one-time token opens, and not a role of the JWT auth method",
    );
    no_role(r#"{"data":{"a":1}}"#, "data: it has no `user_claim`, and is not a role of the JWT auth method");
    let role = document(&hardened());
    let swapped = Rule::new(&role, Some(&role)).unwrap_err();
    assert_eq!(
        swapped.to_string(),
        "--role-config f: data: it is a role of the JWT auth method, and not the configuration of a JWT auth method"
    );
}

#[test]
fn a_setting_of_another_type_is_told_where() {
    let cases = [
        (json!({ "user_claim": 5 }), "data.user_claim: it is not a text"),
        (json!({ "user_claim": "" }), "data.user_claim: it is not a claim's name"),
        (json!({ "role_type": "kubernetes" }), "data.role_type: it is not `jwt` or `oidc`"),
        (json!({ "bound_claims_type": "regex" }), "data.bound_claims_type: it is not `glob` or `string`"),
        (json!({ "bound_audiences": { "a": 1 } }), "data.bound_audiences: it is not a list of texts"),
        (json!({ "bound_audiences": ["a", 5] }), "data.bound_audiences[1]: it is not a text"),
        (json!({ "bound_claims": "ref" }), "data.bound_claims: it is not an object"),
        (
            json!({ "bound_claims": { "ref": ["refs/heads/main", ["x"]] } }),
            "data.bound_claims.ref[1]: it is not a text, a number, true or false: no claim is equal to it",
        ),
        (
            json!({ "bound_claims_type": "glob", "bound_claims": { "ref": ["a*", 5] } }),
            "data.bound_claims.ref[1]: it is not a text, as `bound_claims_type` glob needs it",
        ),
        (
            json!({ "bound_claims_type": "glob", "bound_claims": { "ref": true } }),
            "data.bound_claims.ref: it is not a text, as `bound_claims_type` glob needs it",
        ),
        (json!({ "claim_mappings": { "ref": 5 } }), "data.claim_mappings.ref: it is not a text"),
        (json!({ "token_ttl": "soon" }), "data.token_ttl: it is not a whole number"),
        (json!({ "token_ttl": 1.5 }), "data.token_ttl: it is not a whole number"),
        (json!({ "user_claim_json_pointer": "yes" }), "data.user_claim_json_pointer: it is not true or false"),
        (json!({ "token_policies": 5 }), "data.token_policies: it is not a list of texts"),
        (json!({ "token_bound_cidrs": [5] }), "data.token_bound_cidrs[0]: it is not a text"),
    ];
    for (role_says, why) in cases {
        let wrong = Rule::new(&document(&over(hardened(), &role_says)), None).unwrap_err();
        assert_eq!(wrong.to_string(), format!("--role-config f: {why}"));
    }
    let bare = Document::from_text("--role-config f", br#"{"user_claim":"sub","bound_claims":{"ref":[[]]}}"#).unwrap();
    assert!(Rule::new(&bare, None).unwrap_err().to_string().starts_with("--role-config f: bound_claims.ref[0]: "));
}

/// Any JSON, not too deep.
fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z*/~:]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("[a-z/]{0,3}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn no_file_and_no_claims_make_it_panic(
        setting in proptest::sample::select(hardened().as_object().unwrap().keys().cloned().chain(["groups_claim".into(), "status".into()]).collect::<Vec<_>>()),
        claim in proptest::sample::select(token().as_object().unwrap().keys().cloned().collect::<Vec<_>>()),
        value in any_json(),
        claimed in any_json(),
        whole in any_json(),
    ) {
        let _ = Rule::new(&document(&whole), Some(&document(&whole)));
        let file = Document::from_text("x", whole.to_string().as_bytes()).unwrap();
        let _ = Rule::new(&file, None);
        let mut role = hardened();
        role[setting.as_str()] = value;
        let mut token = token();
        token[claim.as_str()] = claimed;
        if let Ok(rule) = Rule::new(&document(&role), None) {
            let judgement = rule.judge(&claims(&token), Some("RS256"), NOW);
            proptest::prop_assert_eq!(judgement.verdict == Verdict::Refused, !said(&judgement).is_empty());
        }
    }
}
