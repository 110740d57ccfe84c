//! A JSON file that the user names.
#![no_main]

use oidc_exchange::document::Document;
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Ok(document) = Document::from_text("x", text) {
        let value = document.value();
        assert_eq!(serde_json::from_slice::<Value>(text).ok().as_ref(), Some(value), "it is read as anybody reads it");
        let again = Document::from_text("x", value.to_string().as_bytes());
        assert_eq!(again.ok().as_ref().map(Document::value), Some(value));
    }
});
