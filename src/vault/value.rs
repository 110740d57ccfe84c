//! Turns a secret's fields into the content of a variable.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::selection::Field;

/// The content of a variable or its file. There is no `Debug`, because it is the secret.
#[derive(PartialEq, Eq)]
pub(super) enum Content {
    Text(String),
    /// Decoded bytes that are not UTF-8.
    Bytes(Vec<u8>),
}

impl Content {
    /// In bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Why there is no content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The field does not exist.
    Absent,
    /// The field is null.
    Null,
    /// The field is not valid base64.
    NotBase64,
}

/// With or without `=` at the end, since both are common.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The content of `field`. The caller handles [`Field::All`].
pub(super) fn content(fields: &Map<String, Value>, field: &Field, base64: bool) -> Result<Content, Unusable> {
    let value = match field {
        Field::Whole | Field::All => return Ok(Content::Text(json(&fields))),
        Field::Key(key) => fields.get(key),
        Field::Pointer(pointer) => resolve(fields, pointer),
    };
    let value = value.ok_or(Unusable::Absent)?;
    let text = text(value).ok_or(Unusable::Null)?;
    if base64 {
        return value.as_str().map_or(Err(Unusable::NotBase64), decode);
    }
    Ok(Content::Text(text))
}

/// Resolves a JSON pointer (RFC 6901), starting at the fields.
fn resolve<'v>(fields: &'v Map<String, Value>, pointer: &str) -> Option<&'v Value> {
    let (first, rest) = first_of(pointer);
    fields.get(&first)?.pointer(rest)
}

/// The first field of a pointer, and the rest of the pointer.
pub(super) fn first_of(pointer: &str) -> (String, &str) {
    let (first, rest) = match pointer[1..].find('/') {
        Some(end) => (&pointer[1..=end], &pointer[end + 1..]),
        None => (&pointer[1..], ""),
    };
    (first.replace("~1", "/").replace("~0", "~"), rest)
}

/// The text form: texts unchanged, numbers with the server's digits, everything else as compact JSON; `None` for
/// null.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(json(value)),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    // A map with text keys can always be written as JSON.
    serde_json::to_string(value).unwrap_or_default()
}

fn decode(text: &str) -> Result<Content, Unusable> {
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = LENIENT.decode(packed).map_err(|_| Unusable::NotBase64)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(error) => Content::Bytes(error.into_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    fn read(text: &str, field: &Field, base64: bool) -> Result<String, Unusable> {
        content(&fields(text), field, base64).map(|content| match content {
            Content::Text(text) => text,
            Content::Bytes(bytes) => format!("{bytes:?}"),
        })
    }

    #[test]
    fn a_value_is_what_the_server_wrote() {
        let secret = r#"{"s":" a\n","n":12345678901234567890123,"f":1.10,"e":1E400,"b":true,"z":null,"o":{"k":[1, 2.50]},"a.b":"dot","a/b":"slash","~":"tilde"}"#;
        let key = |name: &str| read(secret, &Field::Key(name.into()), false);
        assert_eq!(key("s").unwrap(), " a\n");
        assert_eq!(key("n").unwrap(), "12345678901234567890123");
        assert_eq!(key("f").unwrap(), "1.10");
        assert_eq!(key("b").unwrap(), "true");
        assert_eq!(key("o").unwrap(), r#"{"k":[1,2.50]}"#);
        assert_eq!(key("a.b").unwrap(), "dot");
        assert_eq!(key("z"), Err(Unusable::Null));
        assert_eq!(key("nope"), Err(Unusable::Absent));
        let at = |pointer: &str| read(secret, &Field::Pointer(pointer.into()), false);
        assert_eq!(at("/o/k/1").unwrap(), "2.50");
        assert_eq!(at("/o").unwrap(), r#"{"k":[1,2.50]}"#);
        assert_eq!(at("/a~1b").unwrap(), "slash");
        assert_eq!(at("/~0").unwrap(), "tilde");
        assert_eq!(at("/o/k/9"), Err(Unusable::Absent));
        assert_eq!(at("/s/x"), Err(Unusable::Absent));
    }

    #[test]
    fn base64_is_decoded_with_and_without_its_padding() {
        let secret = r#"{"p":"aGk=","u":"aGk","w":"aG\n k=","x":"a*","b":"/w=="}"#;
        let key = |name: &str| read(secret, &Field::Key(name.into()), true);
        assert_eq!(key("p").unwrap(), "hi");
        assert_eq!(key("u").unwrap(), "hi");
        assert_eq!(key("w").unwrap(), "hi");
        assert_eq!(key("x"), Err(Unusable::NotBase64));
        assert_eq!(key("b").unwrap(), "[255]");
    }

    proptest! {
        #[test]
        fn any_text_survives(text in any::<String>()) {
            let secret = serde_json::json!({ "k": text }).to_string();
            prop_assert_eq!(read(&secret, &Field::Key("k".into()), false).unwrap(), text);
        }

        #[test]
        fn no_pointer_makes_the_reader_panic(pointer in "/[a-z~01/]{0,12}") {
            let _ = read(r#"{"a":{"b":[1]}}"#, &Field::Pointer(pointer), false);
        }
    }
}
