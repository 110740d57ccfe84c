//! JSON in which no object has a name twice.
//!
//! RFC 8259, section 4, leaves open what a name means that is there twice: some readers take the first, some the last, some
//! none. Whoever checks the one must not find that another acts on the other.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is not read.
#[derive(Debug)]
pub enum Fault {
    /// An object has this name twice, and the second time here.
    Twice {
        /// The name.
        name: String,
        /// From 1 on.
        line: usize,
        /// In bytes, from 1 on.
        column: usize,
    },
    /// It is not JSON, for what the parser says.
    NotJson(serde_json::Error),
}

impl Fault {
    /// What to do about a name that is there twice; nothing for what is not JSON, which each reader tells in its own way.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Twice { .. } => Some("remove one of the two: readers differ in which of them they take"),
            Self::NotJson(_) => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice { name, line, column } => {
                write!(f, "`{name}` is there twice in one object, at line {line} column {column}")
            }
            Self::NotJson(error) => write!(f, "not JSON: {error}"),
        }
    }
}

impl std::error::Error for Fault {}

/// Reads one value (RFC 8259), with every digit of its numbers.
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
/// When it is not JSON, or an object in it has a name twice.
pub fn parse(text: &[u8]) -> Result<Value, Fault> {
    let twice = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Strict { twice: &twice }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| match twice.into_inner() {
        Some(name) => Fault::Twice { name, line: error.line(), column: error.column() },
        None => Fault::NotJson(error),
    })
}

/// Reads the value that `text` begins with, and says where it ends.
///
/// # Errors
/// As [`parse`].
pub fn parse_first(text: &str) -> Result<(Value, usize), Fault> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {
            let end = values.byte_offset();
            parse(text.get(..end).unwrap_or_default().as_bytes()).map(|value| (value, end))
        }
        // The parser finds the same fault.
        Some(Err(_)) | None => parse(text.as_bytes()).map(|value| (value, text.len())),
    }
}

/// A value to be read; where a name is there twice, `twice` gets it.
#[derive(Clone, Copy)]
struct Strict<'c> {
    twice: &'c RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        /// How `serde_json` hands over a number that no integer type holds, so that every digit is kept.
        const NUMBER: &str = "$serde_json::private::Number";
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == NUMBER && all.is_empty() {
                let digits: String = members.next_value()?;
                return digits.parse::<Number>().map(Value::Number).map_err(A::Error::custom);
            }
            if all.contains_key(&name) {
                self.twice.replace(Some(name));
                return Err(A::Error::custom("a name is there twice"));
            }
            let value = members.next_value_seed(self)?;
            all.insert(name, value);
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_there_twice_is_named_with_its_place() {
        let said = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(said(r#"{"b":{"c":1,"c":2}}"#), "`c` is there twice in one object, at line 1 column 15");
        assert_eq!(said("[{\"a\":1,\n \"\\u0061\":1}]"), "`a` is there twice in one object, at line 2 column 9");
        assert_eq!(said(r#"{"":1,"":1}"#), "`` is there twice in one object, at line 1 column 8");
        assert!(parse(br#"{"a":{"a":1},"b":{"a":1},"A":1}"#).is_ok());
    }

    #[test]
    fn what_is_not_json_is_told_by_the_parser() {
        for text in ["", "{} {}", "{\"a\":1,}", "[1", "nul", "\u{feff}{}", "{\"a\":1,\"a\"", &"[".repeat(100_000)] {
            let fault = parse(text.as_bytes()).unwrap_err();
            assert!(matches!(fault, Fault::NotJson(_)) || text.ends_with("\"a\""), "{text}: {fault}");
        }
    }

    #[test]
    fn the_first_of_several_is_read_to_its_end() {
        assert_eq!(parse_first(r#"{"a":1}#b"#).unwrap(), (json!({ "a": 1 }), 7));
        assert_eq!(parse_first(r#"{"a":{"b":1}} ?x"#).unwrap().1, 13);
        let twice = parse_first(r#"{"a":1,"a":2}#b"#).unwrap_err();
        assert!(matches!(twice, Fault::Twice { .. }), "{twice}");
        assert!(parse_first(r#"{"a""#).is_err() && parse_first("").is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_has_no_name_twice_is_read_as_by_others(text in "[\\[\\]{}:,\"a-c0-2 .e-]{0,24}") {
            let ours = parse(text.as_bytes());
            let theirs = serde_json::from_str::<Value>(&text);
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => proptest::prop_assert_eq!(ours, theirs),
                (Err(_), Err(_)) | (Err(Fault::Twice { .. }), Ok(_)) => {}
                (ours, theirs) => proptest::prop_assert!(false, "{:?} {:?}", ours, theirs),
            }
        }
    }
}
