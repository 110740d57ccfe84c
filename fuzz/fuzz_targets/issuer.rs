//! What an issuer publishes, its discovery document and its keys, and what is made of it.
#![no_main]

use oidc_exchange_fuzz::{answer, check_error, check_explanation, good, verified};

/// A discovery document that leads to the keys.
const DISCOVERY: &str = r#"{"issuer":"https://acme.semaphoreci.com","jwks_uri":"https://acme.semaphoreci.com/keys","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}"#;

// The first byte selects which of the two documents the rest is.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((step, rest)) = data.split_first() else { return };
    let Some(published) = answer(rest) else { return };
    let before = (*step % 2 == 1).then(|| good(DISCOVERY));
    match verified(before.into_iter().chain([published]).collect()) {
        // Nobody has signed it.
        Ok(explanation) => {
            assert_ne!(explanation.verdict, oidc_exchange::explanation::Verdict::Accepted);
            check_explanation(|_, _| explanation.clone());
        }
        Err(error) => check_error(&error),
    }
});
