//! JSON within a memory limit: it is read as by others, and no value takes more than is counted.
#![no_main]

use oidc_exchange::json::{Fault, members, parse_first, parse_within};
use serde_json::{Map, Value};

const ROOM: usize = 4096;

/// A member with such a name is a number for others.
const OF_THE_PARSER: &str = "$serde_json";

/// The bytes that a value has on the heap at least.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| size(item) + size_of::<Value>()).sum(),
        Value::Object(all) => of_members(all),
    }
}

fn of_members(all: &Map<String, Value>) -> usize {
    all.iter().map(|(name, value)| name.len() + size(value) + size_of::<(String, Value)>()).sum()
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let theirs = serde_json::from_str::<Value>(text);
    let mut room = ROOM;
    match parse_within(text.as_bytes(), &mut room) {
        Ok(ours) => {
            assert!(size(&ours) <= ROOM - room, "{} of {}", size(&ours), ROOM - room);
            let (first, end) = parse_first(text).expect("it is one value");
            assert_eq!((&first, text[end..].trim_ascii()), (&ours, ""));
            assert!(ours.to_string().contains(OF_THE_PARSER) || theirs.is_ok_and(|theirs| theirs == ours));
        }
        Err(Fault::NotJson(_)) => assert!(theirs.is_err()),
        Err(Fault::Twice { .. } | Fault::TooLarge) => {}
    }
    let mut room = ROOM;
    if let Ok(all) = members(text.as_bytes(), &mut room, |name| !name.starts_with('x')) {
        assert!(of_members(&all) <= ROOM - room && !all.keys().any(|name| name.starts_with('x')));
    }
});
