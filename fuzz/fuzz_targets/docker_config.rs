//! Docker's config.json: a registry's helper put in and taken out again, and what is not ours kept.
#![no_main]

use oidc_exchange::registry::docker_config::{has_another, register, unregister};
use serde_json::Value;

const HOST: &str = "gcr.io";

/// What is not about the registry.
fn others(text: &str) -> Value {
    let mut value: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(text).expect("it is JSON") };
    if let Some(members) = value.as_object_mut() {
        for (_, section) in members.iter_mut().filter(|(name, _)| is_section(name)) {
            if let Some(entries) = section.as_object_mut() {
                entries.retain(|name, _| !name.contains(HOST));
            }
        }
        members.retain(|name, section| {
            !is_section(name) || section.as_object().is_some_and(|entries| !entries.is_empty())
        });
    }
    if value.as_object().is_some_and(serde_json::Map::is_empty) { Value::Null } else { value }
}

fn is_section(name: &str) -> bool {
    ["credhelpers", "auths"].contains(&name.to_ascii_lowercase().as_str())
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let servers = [HOST.to_owned()];
    let _ = (unregister(text, text, &servers), has_another(text, HOST));
    let Ok(Some(change)) = register(text, &servers) else { return };
    assert_eq!(register(&change.text, &servers), Ok(None), "twice is once");
    assert!(!has_another(&change.text, HOST));
    assert_eq!(others(&change.text), others(text));
    let undone = unregister(&change.text, text, &servers).expect("it is as good as before").expect("it is ours");
    assert_eq!(others(&undone), others(text));
    assert_eq!(has_another(&undone, HOST), has_another(text, HOST), "what was there is there again");
    assert_eq!(unregister(&undone, text, &servers), Ok(None), "nothing of it is left");
});
