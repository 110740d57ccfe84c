//! Tests of valid and invalid files.

use serde_json::{Value, json};

use super::*;

#[test]
fn the_body_of_a_write_is_read_as_well() {
    let body = json!({
        "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": format!("https://x.test, {ORG}"),
        "bound_claims": { "prj_id": ID, "ref_type": "branch", "ref": "refs/heads/main", "job_type": "pipeline_job" },
        "policies": "production", "ttl": "1d 1h", "clock_skew_leeway": "30",
    });
    let document = Document::from_text("--role-config f", body.to_string().as_bytes()).unwrap();
    let explanation = Rule::new(&document, None, ClientCommand::Bao, place()).unwrap().evaluate(
        &claims(&token()),
        Some("RS256"),
        NOW,
    );
    accepted(&explanation);
    assert_eq!(explanation.lints[0], "the token is valid for 25 hours, and the job's own token for 24");
}

#[track_caller]
fn no_role(text: &str, why: &str) {
    let document = Document::from_text("--role-config f", text.as_bytes()).unwrap();
    assert_eq!(
        Rule::new(&document, None, ClientCommand::Bao, place()).unwrap_err().to_string(),
        format!("--role-config f: {why}")
    );
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
        "data: it is a CEL role: its program is not evaluated here, and not a role of the JWT auth method",
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
    let swapped = Rule::new(&role, Some(&role), ClientCommand::Bao, place()).unwrap_err();
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
        let wrong = Rule::new(&document(&over(hardened(), &role_says)), None, ClientCommand::Bao, place()).unwrap_err();
        assert_eq!(wrong.to_string(), format!("--role-config f: {why}"));
    }
    let bare = Document::from_text("--role-config f", br#"{"user_claim":"sub","bound_claims":"ref"}"#).unwrap();
    assert!(
        Rule::new(&bare, None, ClientCommand::Bao, place())
            .unwrap_err()
            .to_string()
            .starts_with("--role-config f: bound_claims: ")
    );
}

/// Any JSON that is not too deep.
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
        let _ = Rule::new(&document(&whole), Some(&document(&whole)), ClientCommand::Bao, place());
        let file = Document::from_text("x", whole.to_string().as_bytes()).unwrap();
        let _ = Rule::new(&file, None, ClientCommand::Bao, place());
        let mut role = hardened();
        role[setting.as_str()] = value;
        let mut token = token();
        token[claim.as_str()] = claimed;
        if let Ok(rule) = Rule::new(&document(&role), None, ClientCommand::Bao, place()) {
            let explanation = rule.evaluate(&claims(&token), Some("RS256"), NOW);
            proptest::prop_assert_eq!(explanation.verdict == Verdict::Refused, !said(&explanation).is_empty());
        }
    }
}
