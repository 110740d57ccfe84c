//! The JSON Parsing Test Suite, run with the program: each text as a document, in a rule, and in a token's claims.
//!
//! Covered: the suite's 318 texts. Left out: bytes that are not UTF-8, which its package has replaced by U+FFFD.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{DEPLOY_ROLE, Issuer};
use serde_json::Value;

use crate::support::{Output, oidc_exchange, peers};

/// Valid, and refused here: a name occurs twice, and readers differ in which one they use.
const TWICE: [&str; 2] = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

struct Case {
    name: String,
    text: String,
    /// Whether a reader must accept it; `None` if it may do either.
    is_json: Option<bool>,
}

fn cases() -> Vec<Case> {
    let module = fs::read_to_string(peers::json_suite().join("data/parsing.js")).unwrap();
    let (_, list) = module.split_once("export default").unwrap();
    let list: Vec<Value> = serde_json::from_str(list.trim().trim_end_matches(';')).unwrap();
    let text = |case: &Value, key: &str| case[key].as_str().unwrap().to_owned();
    let case = |case: &Value| {
        let is_json = case["error"].as_bool().map(|is_error| !is_error);
        Case { name: text(case, "name"), text: text(case, "input"), is_json }
    };
    list.iter().map(case).collect()
}

fn policy(text: &str) -> String {
    let principal = r#"{"Federated":"arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com"}"#;
    let action = r#""Action":"sts:AssumeRoleWithWebIdentity""#;
    let condition = format!(r#"{{"StringEquals":{{"acme.semaphoreci.com:sub":{text}}}}}"#);
    let statement = format!(r#"{{"Effect":"Allow","Principal":{principal},{action},"Condition":{condition}}}"#);
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

/// `explain` with this document as the rule.
fn explained(arguments: &[&str], option: &str, document: &str) -> Output {
    let token = Issuer::start().unwrap().token(&sandbox::Job::branch("main"));
    let program = oidc_exchange(["explain"]).args(arguments).args([option, "rule.json"]).token(&token);
    program.scratch().write("rule.json", document);
    program.run()
}

/// Whether the program has refused the text as invalid JSON, or because of a duplicate name.
fn refuses(output: &Output) -> bool {
    let error = output.stderr();
    ["not JSON", "NUL characters", "twice in one object", "it is empty", "the file is empty", "nested"]
        .iter()
        .any(|part| error.contains(part))
}

#[test]
fn every_text_is_taken_or_refused_as_the_suite_has_it() {
    let cases = cases();
    let next = AtomicUsize::new(0);
    let wrong = |case: &Case, how: &str, refused: bool, output: &Output| {
        let right = match case.is_json {
            Some(true) => refused == TWICE.contains(&case.name.as_str()),
            Some(false) => refused,
            None => true,
        };
        assert!(right && output.code != Some(1), "{} {how}: {}", case.name, output.describe());
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let gcp = explained(&["gcp"], "--provider-config", &case.text);
                    wrong(case, "alone", refuses(&gcp), &gcp);
                    let aws = explained(&["aws", "--role-arn", DEPLOY_ROLE], "--trust-policy", &policy(&case.text));
                    wrong(case, "in a rule", refuses(&aws), &aws);
                    if case.text.len() > 90_000 {
                        continue; // No variable holds such a token.
                    }
                    let payload =
                        format!(r#"{{"iss":"https://acme.semaphoreci.com","sub":"a","claim":{}}}"#, case.text);
                    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
                    let token = format!("{header}.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
                    let token = oidc_exchange(["token"]).token(&token).run();
                    wrong(case, "in a token", token.code == Some(3), &token);
                }
            });
        }
    });
    assert!(cases.len() > 300, "{}", cases.len());
}
