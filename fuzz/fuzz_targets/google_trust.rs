//! A workload identity provider and a service account's policy, one JSON text a line, evaluated on the job's token.
#![no_main]

use oidc_exchange::document::Document;
use oidc_exchange::google::trust::Rule;
use oidc_exchange_fuzz::check_explanation;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let mut lines = text.splitn(2, |byte| *byte == b'\n');
    let Some(Ok(provider)) = lines.next().map(|line| Document::from_text("x", line)) else { return };
    let policy = lines.next().and_then(|line| Document::from_text("y", line).ok());
    if let Ok(rule) = Rule::new(&provider, policy.as_ref(), None) {
        check_explanation(|token, now| rule.evaluate(token.claims(), now));
    }
});
