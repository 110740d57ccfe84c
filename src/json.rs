//! A JSON parser that refuses duplicate names and limits the memory of the values.
//!
//! RFC 8259, section 4, does not define the meaning of a duplicate name. Some parsers use the first value, some the
//! last one, some fail. A check of one value must not be followed by the use of the other.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text was refused.
#[derive(Debug)]
pub enum Fault {
    /// An object has this name twice; the position is that of the second one.
    Twice {
        /// The name.
        name: String,
        /// Starts at 1.
        line: usize,
        /// In bytes; starts at 1.
        column: usize,
    },
    /// It is not valid JSON; the parser's reason.
    NotJson(serde_json::Error),
    /// Its values need more memory than is allowed.
    TooLarge,
}

impl Fault {
    /// A hint for a duplicate name. `None` for invalid JSON, for which each caller has its own hint.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Twice { .. } => Some("remove one of the two: readers differ in which of them they take"),
            Self::NotJson(_) | Self::TooLarge => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice { name, line, column } => {
                write!(f, "`{name}` is there twice in one object, at line {line} column {column}")
            }
            Self::NotJson(error) if error.is_eof() => {
                write!(f, "not JSON: it ends too early, at line {} column {}", error.line(), error.column())
            }
            Self::NotJson(error) => write!(f, "not JSON: {error}"),
            Self::TooLarge => f.write_str("its values take too much memory"),
        }
    }
}

impl std::error::Error for Fault {}

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

fn within<T>(
    text: &[u8],
    room: &mut usize,
    read: impl FnOnce(Reader<'_>) -> Result<T, serde_json::Error>,
) -> Result<T, Fault> {
    let (left, stop) = (Cell::new(*room), RefCell::new(None));
    let read = read(Reader { text, room: &left, stop: &stop });
    *room = left.get();
    read.map_err(|error| match stop.into_inner() {
        Some(Stop::Twice(name)) => Fault::Twice { name, line: error.line(), column: error.column() },
        Some(Stop::TooLarge) => Fault::TooLarge,
        None => Fault::NotJson(error),
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

/// The memory of a value in a list: a list grows to twice its length.
const ITEM: usize = 2 * size_of::<Value>();
/// The memory of a non-empty list: it starts with a capacity of four.
const LIST: usize = 4 * size_of::<Value>() + TEXT;
/// The allocator's overhead for a text.
const TEXT: usize = 32;
/// The memory of a member in its object's B-tree: its nodes may be half empty.
const MEMBER: usize = 3 * ITEM / 2;
/// The memory of the first node of that tree: it has a capacity of eleven members.
const OBJECT: usize = 11 * (size_of::<String>() + size_of::<Value>()) + TEXT;

/// Why this module stopped the parser.
enum Stop {
    Twice(String),
    TooLarge,
}

/// Deserializes one value within the memory limit.
#[derive(Clone, Copy)]
struct Reader<'r> {
    /// The whole text.
    text: &'r [u8],
    /// The remaining memory, in bytes.
    room: &'r Cell<usize>,
    stop: &'r RefCell<Option<Stop>>,
}

impl Reader<'_> {
    fn take<E: serde::de::Error>(self, bytes: usize) -> Result<(), E> {
        match self.room.get().checked_sub(bytes) {
            Some(left) => self.room.set(left),
            None => return Err(self.stopped(Stop::TooLarge)),
        }
        Ok(())
    }

    fn stopped<E: serde::de::Error>(self, why: Stop) -> E {
        self.stop.replace(Some(why));
        E::custom("reading was stopped")
    }

    fn put<'de, A: MapAccess<'de>>(
        self,
        all: &mut Map<String, Value>,
        name: String,
        from: &mut A,
    ) -> Result<(), A::Error> {
        if all.contains_key(&name) {
            return Err(self.stopped(Stop::Twice(name)));
        }
        self.take(if all.is_empty() { OBJECT } else { MEMBER } + TEXT + name.len())?;
        let value = from.next_value_seed(self)?;
        all.insert(name, value);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.take(ITEM)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
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

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.take(TEXT)?;
        Ok(value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.take(TEXT)?;
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.take(TEXT + value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            if all.is_empty() {
                self.take(LIST)?;
            }
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        /// The name that `serde_json` uses to pass a number as text, if no integer type can hold it. Every digit is
        /// kept.
        const NUMBER: &str = "$serde_json::private::Number";
        let mut all = Map::new();
        while let Some((name, is_written)) = members.next_key_seed(NameOf(self.text))? {
            if name == NUMBER && !is_written {
                let digits: String = members.next_value()?;
                self.take(TEXT + digits.len())?;
                return digits.parse::<Number>().map(Value::Number).map_err(A::Error::custom);
            }
            self.put(&mut all, name, &mut members)?;
        }
        Ok(Value::Object(all))
    }
}

/// The name of a member, and whether it is part of this text. The parser uses a special name for a number. A text may
/// contain the same name as a real member.
struct NameOf<'t>(&'t [u8]);

impl<'de> DeserializeSeed<'de> for NameOf<'_> {
    type Value = (String, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameOf<'_> {
    type Value = (String, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok((name.to_owned(), self.0.as_ptr_range().contains(&name.as_ptr())))
    }

    /// A name with escapes, which the parser decodes into a new text.
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok((name.to_owned(), true))
    }
}

/// Deserializes the members of an object that are wanted.
struct Members<'r, W> {
    reader: Reader<'r>,
    wanted: W,
}

impl<'de, W: FnMut(&str) -> bool> Visitor<'de> for Members<'_, W> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Map<String, Value>, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if (self.wanted)(&name) {
                self.reader.put(&mut all, name, &mut members)?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(all)
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
    fn a_member_with_the_parsers_own_name_for_a_number_is_a_member() {
        for name in
            ["$serde_json::private::Number", "\\u0024serde_json::private::Number", "$serde_json::private::RawValue"]
        {
            for value in ["\"12\"", "\"text\"", "12", "null", "[1.50]"] {
                let text = format!("{{\"{name}\":{value}}}");
                let plain = name.replace("\\u0024", "$");
                let written = format!("{{\"{plain}\":{value}}}");
                assert_eq!(parse(text.as_bytes()).unwrap().to_string(), written);
                let within = members(format!("{{\"k\":{text}}}").as_bytes(), &mut 4096, |_| true).unwrap();
                assert_eq!(within["k"].to_string(), written);
            }
        }
        assert_eq!(
            parse(b"[1e400, 1.50, 123456789012345678901234567890]").unwrap().to_string(),
            "[1e+400,1.50,123456789012345678901234567890]"
        );
    }

    #[test]
    fn the_first_of_several_is_read_to_its_end() {
        assert_eq!(parse_first(r#"{"a":1}#b"#).unwrap(), (json!({ "a": 1 }), 7));
        assert_eq!(parse_first(r#"{"a":{"b":1}} ?x"#).unwrap().1, 13);
        let twice = parse_first(r#"{"a":1,"a":2}#b"#).unwrap_err();
        assert!(matches!(twice, Fault::Twice { .. }), "{twice}");
        assert!(parse_first(r#"{"a""#).is_err() && parse_first("").is_err());
    }

    #[test]
    fn texts_that_grow_a_hundredfold_are_refused_early() {
        for part in ["0,", "{\"\":0},", "[],", "\"\",", "1.5,", "\"a\",", "[[[]]],", "{},", "null,"] {
            let text = format!("[{}0]", part.repeat((8 << 20) / part.len()));
            assert!(matches!(parse_within(text.as_bytes(), &mut (24 << 20)), Err(Fault::TooLarge)), "{part}");
        }
        let names = format!("{{{}\"\":0}}", (0..900_000).map(|n| format!("\"{n:x}\":0,")).collect::<Vec<_>>().concat());
        assert!(matches!(parse_within(names.as_bytes(), &mut (24 << 20)), Err(Fault::TooLarge)));
        assert_eq!(members(names.as_bytes(), &mut 1024, |name| name == "ff").unwrap().len(), 1);
    }

    #[test]
    fn of_an_object_only_the_wanted_members_take_room() {
        let text = format!("{{\"a\":[{}0],\"b\":\"y\"}}", "[],".repeat(1 << 16));
        let mut room = 2048;
        let found = members(text.as_bytes(), &mut room, |name| name == "b").unwrap();
        assert_eq!((Value::Object(found), room > 0), (json!({ "b": "y" }), true));
        assert!(matches!(members(text.as_bytes(), &mut 2048, |_| true), Err(Fault::TooLarge)));
        for none in ["[]", "3", "\"\"", "null", "{\"a\":", "{} {}"] {
            assert!(matches!(members(none.as_bytes(), &mut 2048, |_| true), Err(Fault::NotJson(_))), "{none}");
        }
    }

    proptest::proptest! {
        #[test]
        fn members_are_those_that_others_read(text in "\\{[\\[\\]{}:,\"a-c0-2 .e-]{0,24}") {
            let theirs = serde_json::from_str::<Map<String, Value>>(&text).ok();
            match members(text.as_bytes(), &mut (1 << 20), |_| true) {
                Err(Fault::Twice { .. }) => proptest::prop_assert!(theirs.is_some()),
                ours => proptest::prop_assert_eq!(ours.ok(), theirs),
            }
        }

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
