//! An expression of Google's attribute mappings and conditions.
#![no_main]

use std::sync::LazyLock;

use oidc_exchange::google::cel::{Expression, Scope};
use serde_json::{Map, Value, json};

static CLAIMS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let claims = json!({ "sub": "org:acme:project:x", "n": 7, "list": ["a", "b"], "empty": "" });
    claims.as_object().cloned().unwrap_or_default()
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Expression::parse(text) {
        Ok(expression) => {
            assert_eq!(expression.text(), text);
            if let Err(trouble) = expression.evaluate(&Scope::new().with("assertion", &CLAIMS)) {
                let _ = trouble.placed(text);
            }
        }
        Err(trouble) => drop(trouble.placed(text)),
    }
});
