//! A role of a JWT auth method and its configuration, one JSON text a line, evaluated on the job's token.
#![no_main]

use oidc_exchange::document::Document;
use oidc_exchange::vault::ClientCommand;
use oidc_exchange::vault::trust::{Place, Rule};
use oidc_exchange_fuzz::check_explanation;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let mut lines = text.splitn(2, |byte| *byte == b'\n');
    let Some(Ok(role)) = lines.next().map(|line| Document::from_text("x", line)) else { return };
    let mount = lines.next().and_then(|line| Document::from_text("y", line).ok());
    let Ok(place) = Place::new(None, None) else { return };
    if let Ok(rule) = Rule::new(&role, mount.as_ref(), ClientCommand::Bao, place) {
        check_explanation(|token, now| rule.evaluate(token.claims(), token.header().alg.as_deref(), now));
    }
});
