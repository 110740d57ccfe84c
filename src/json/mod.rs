//! A JSON parser that refuses duplicate names and limits the memory of the values.
//!
//! RFC 8259, section 4, does not define the meaning of a duplicate name. Some parsers use the first value, some the
//! last one, some fail. A check of one value must not be followed by the use of the other.

mod fault;
mod reader;
#[cfg(test)]
mod tests;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny};
use serde_json::{Map, Value};

pub use fault::Fault;
use reader::{Members, within};

/// Parses one value (RFC 8259). Numbers keep every digit.
///
/// ```
/// use oidc_exchange::json;
///
/// assert_eq!(json::parse(b"{\"a\": [1.50]}").unwrap()["a"][0].to_string(), "1.50");
/// let twice = json::parse(b"{\"a\": 1, \"a\": 2}").unwrap_err();
/// assert_eq!(twice.to_string(), "`a` is there twice in one object, at line 1 column 12");
/// ```
///
/// # Errors
/// If it is not valid JSON, or an object in it has a duplicate name.
pub fn parse(text: &[u8]) -> Result<Value, Fault> {
    parse_within(text, &mut usize::MAX.clone())
}

/// Parses one value that needs at most `room` bytes of memory, and subtracts its size from `room`. Parsed values can
/// need a hundred times the memory of the text.
///
/// ```
/// use oidc_exchange::json;
///
/// let mut room = 4096;
/// assert_eq!(json::parse_within(b"[1, 2]", &mut room).unwrap()[1], 2);
/// assert!(room < 4096);
/// assert!(matches!(json::parse_within(b"[{}, {}, {}]", &mut 100), Err(json::Fault::TooLarge)));
/// ```
///
/// # Errors
/// As [`parse`], and if there is not enough room.
pub fn parse_within(text: &[u8], room: &mut usize) -> Result<Value, Fault> {
    let mut bytes = serde_json::Deserializer::from_slice(text);
    within(text, room, |reader| reader.deserialize(&mut bytes).and_then(|value| bytes.end().map(|()| value)))
}

/// Parses an object and returns the members for whose name `wanted` is true. `room` is the memory limit, as in
/// [`parse_within`]; the other members need none.
///
/// ```
/// use oidc_exchange::json;
///
/// let members = json::members(b"{\"a\": 1, \"b\": [2]}", &mut 4096, |name| name == "b").unwrap();
/// assert_eq!(serde_json::Value::Object(members).to_string(), "{\"b\":[2]}");
/// ```
///
/// # Errors
/// If it is not a JSON object, a wanted member is or contains a duplicate, or there is not enough room.
pub fn members(text: &[u8], room: &mut usize, wanted: impl FnMut(&str) -> bool) -> Result<Map<String, Value>, Fault> {
    let mut bytes = serde_json::Deserializer::from_slice(text);
    within(text, room, |reader| {
        let members = bytes.deserialize_map(Members { reader, wanted });
        members.and_then(|members| bytes.end().map(|()| members))
    })
}

/// Parses the value at the start of `text`, and returns it with the position of its end.
///
/// # Errors
/// As [`parse`].
pub fn parse_first(text: &str) -> Result<(Value, usize), Fault> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {
            let end = values.byte_offset();
            parse(text.get(..end).unwrap_or_default().as_bytes()).map(|value| (value, end))
        }
        // `parse` returns the same error, with its position.
        Some(Err(_)) | None => parse(text.as_bytes()).map(|value| (value, text.len())),
    }
}
