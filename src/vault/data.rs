//! The `data` of an answer. It is kept as text, and only the wanted parts are parsed.

use std::collections::BTreeSet;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::kv::Shape;
use super::selection::Field;
use super::value;
use crate::http::{Exhausted, Held, RawText};
use crate::json;

/// The data of an answer. It may be a secret, so there is no `Debug`.
pub(super) struct Data {
    pub(super) text: Box<RawValue>,
    /// The memory budget for `text`.
    pub(super) held: Held,
}

/// The wanted fields of a secret.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wanted {
    all: bool,
    keys: BTreeSet<String>,
}

/// The wanted fields of a secret. There is no `Debug`, because it is the secret.
pub(super) struct Fields {
    pub(super) wanted: Map<String, Value>,
    /// The names of all fields, in a form that can be shown.
    pub(super) names: RawText,
    /// The memory budget for all of it.
    _held: Held,
}

/// Why the fields of an existing secret were not parsed.
pub(super) enum Unread {
    /// They need more memory than a run may use.
    TooMuch,
    /// The answer is invalid, for this reason.
    Garbled(&'static str),
}

/// The limit for a small answer about the server itself, in bytes of memory. It is many times the size of a mount or
/// a list of capabilities.
const SMALL: usize = 1 << 20;

impl Data {
    /// The server's description of itself; null if it is too large.
    pub(super) fn small(&self) -> Value {
        small(&self.text)
    }

    /// The wanted fields of the secret, which the data contains as `shape`; `None` if it contains no secret.
    pub(super) fn fields(self, shape: Shape, wanted: &Wanted) -> Result<Option<Fields>, Unread> {
        let Some(text) = shape.fields(&self.text) else { return Ok(None) };
        if !text.starts_with('{') {
            return Err(Unread::Garbled("the secret is not an object"));
        }
        let mut held = self.held.beside();
        // A text with escapes is decoded into a second buffer.
        let room = held.room().saturating_sub(text.len());
        let (mut left, mut names, mut first) = (room, RawText::default(), true);
        let read = json::members(text.as_bytes(), &mut left, |name| {
            names.list(if first { "" } else { ", " }, name);
            first = false;
            wanted.has(name)
        });
        let members = match read {
            Ok(members) => members,
            Err(json::Fault::TooLarge) => return Err(Unread::TooMuch),
            Err(json::Fault::Twice { .. }) => return Err(Unread::Garbled("a field of the secret is there twice")),
            // The text is valid JSON, because the whole answer was parsed.
            Err(json::Fault::NotJson(_)) => {
                return Err(Unread::Garbled(
                    "a field of the secret is nested too deeply, or holds half a surrogate pair",
                ));
            }
        };
        held.add(room - left).map_err(|Exhausted| Unread::TooMuch)?;
        Ok(Some(Fields { wanted: members, names, _held: held }))
    }
}

/// The value of a text that is short in a valid answer; null if it is longer.
pub(super) fn small(text: &RawValue) -> Value {
    json::parse_within(text.get().as_bytes(), &mut SMALL.clone()).unwrap_or_default()
}

impl Wanted {
    /// The fields that `field` needs.
    pub(super) fn by(field: &Field) -> Self {
        match field {
            Field::Whole | Field::All => Self { all: true, ..Self::default() },
            Field::Key(key) => Self { all: false, keys: [key.clone()].into() },
            Field::Pointer(pointer) => Self { all: false, keys: [value::first_of(pointer).0].into() },
        }
    }

    /// Adds the fields that `other` needs.
    pub(super) fn and(&mut self, other: Self) {
        self.all |= other.all;
        self.keys.extend(other.keys);
    }

    fn has(&self, name: &str) -> bool {
        self.all || self.keys.contains(name)
    }
}
