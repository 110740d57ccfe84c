//! A role's trust policy, evaluated on the job's token.
#![no_main]

use oidc_exchange::aws::trust::Rule;
use oidc_exchange::document::Document;
use oidc_exchange_fuzz::check_explanation;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Ok(document) = Document::from_text("x", text) else { return };
    if let Ok(rule) = Rule::new(&document, None, None) {
        check_explanation(|token, now| rule.evaluate(token.claims(), now));
    }
});
