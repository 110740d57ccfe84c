//! Tests of each single check.

use serde_json::{Value, json};

use super::*;

#[test]
fn the_hardened_role_is_for_its_branchs_pipelines() {
    let explanation = judge(&json!({}), &json!({}));
    accepted(&explanation);
    assert_eq!(explanation.lints, [""; 0]);
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
    // A fault that does not depend on the address is still reported.
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
    refused(&role.evaluate(&claims(&token()), None, NOW), &[none]);
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
            "to fix the auth method; its configuration is always written as a whole: printf %s '{{\"bound_issuer\":\"{ORG}\",\"oidc_discovery_url\":\"{ORG}\"}}' | bao write auth/jwt/config -"
        )
    );
    refused(&judge_at(&json!({}), &json!({ "iss": "(none)" }), "RS256"), &[said]);
    let unbound = judge_at(&json!({ "bound_issuer": "" }), &json!({ "iss": "https://other.test" }), "RS256");
    accepted(&unbound);
    assert_eq!(
        unbound.lints,
        ["the mount has no bound_issuer: it accepts every token that its keys have signed, from any issuer"]
    );
    assert_eq!(
        unbound.notes[0],
        format!("the mount's keys are those of {ORG}: a token of https://other.test is hardly signed with them")
    );
    let invalid = judge_at(&json!({ "status": "invalid" }), &json!({}), "RS256");
    assert_eq!(invalid.notes[0], "the server reports this configuration as invalid: it cannot get the issuer's keys");
    let secret = judge_at(&json!({ "bound_issuer": "x", "oidc_client_id": "y" }), &json!({}), "RS256");
    assert!(
        secret.notes[0].starts_with("to fix the auth method, with its oidc_client_secret added, which is not shown: ")
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
            "to allow this job too, if it should be allowed: printf %s '{}' | bao write auth/jwt/role/NAME -",
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
        ["the role has no bound_audiences: it accepts no Semaphore token, because each has an audience"]
    );
    assert_eq!(
        mended.notes[0],
        format!(
            "to fix the role: printf %s '{{\"bound_audiences\":[\"{ORG}\"],\"role_type\":\"jwt\"}}' | bao write auth/jwt/role/NAME -"
        )
    );
}

#[test]
fn the_times() {
    let old = json!({ "iat": NOW - 90_000, "nbf": NOW - 90_000, "exp": NOW - 3600 });
    let expired = judge(&json!({}), &old);
    refused(&expired, &["400 error validating token: invalid expiration time (exp) claim: token is expired"]);
    assert_eq!(expired.notes[0], "a job gets one token, valid for 24 hours: run it again");
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
    // Other faults are reported too.
    let both = judge(&json!({ "user_claim": "nope" }), &old);
    assert_eq!(said_first(&both, 2)[1], "400 claim \"nope\" not found in token");
}

fn said_first(explanation: &Explanation, count: usize) -> Vec<String> {
    said(explanation).into_iter().take(count).collect()
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
        "to fix the role: printf %s '{\"role_type\":\"jwt\",\"user_claim\":\"prj_id\"}' | bao write auth/jwt/role/NAME -"
    );
    let without = judge(&json!({ "user_claim": "actor", "bound_claims": {} }), &json!({ "prj_id": "(none)" }));
    assert_eq!(
        without.notes[0],
        "once fixed, the role also allows the jobs that the lints name: `oidc-exchange setup vault` prints a role that allows only this project's ref"
    );
    assert!(without.notes[1].contains("\"user_claim\":\"sub\""));
    // The order: claims are checked before the entity.
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
    cannot_tell(&provider.evaluate(&claims(&token()), Some("RS256"), NOW));
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
            "to allow this job too, if it should be allowed: printf %s '{}' | bao write auth/jwt/role/NAME -",
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
    assert!(literal.text().contains("because    bound_claims_type is string: a `*` matches only itself"));
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
        note(&pull).starts_with("this is a pull-request job: a role for a branch does not allow it, and should not")
    );
    let debug = json!({ "job_type": "debug_job" });
    assert!(note(&debug).starts_with("this is a debug session, "));
    let project = json!({ "job_type": "project_debug_job", "ref_type": "", "ref": "" });
    assert!(note(&project).starts_with("this is a debug session of the project"));
    for kept_out in [pull, debug, project] {
        let notes = judge(&json!({}), &kept_out).notes;
        assert!(!notes.iter().any(|note| note.contains("to allow this job too")), "{notes:?}");
    }
    let tag = json!({ "ref_type": "tag", "ref": "refs/tags/v1" });
    assert_eq!(note(&tag), "this is a tag's job: a role for a branch does not allow it");
    assert!(judge(&json!({}), &tag).notes[1].starts_with("to allow this job too"));
}
