//! Builds the values, within the limits.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::fault::Fault;

/// Calls `read` with a reader for `text` that may use `room` bytes of memory, and subtracts what it used.
pub(super) fn within<T>(
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
pub(super) struct Reader<'r> {
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
pub(super) struct Members<'r, W> {
    pub(super) reader: Reader<'r>,
    pub(super) wanted: W,
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
