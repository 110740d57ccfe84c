//! The `data` of an answer: kept as the text that it is, and read only as far as something of it is wanted.

use std::collections::BTreeSet;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::kv::Shape;
use super::selection::Field;
use super::value;
use crate::http::{Exhausted, Held, RawText};
use crate::json;

/// An answer's data. It may be a secret, so there is no `Debug`.
pub(super) struct Data {
    pub(super) text: Box<RawValue>,
    /// The memory that `text` takes.
    pub(super) held: Held,
}

/// Which fields of a secret are wanted.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wanted {
    all: bool,
    keys: BTreeSet<String>,
}

/// The wanted fields of a secret. No `Debug`: it is the secret.
pub(super) struct Fields {
    pub(super) wanted: Map<String, Value>,
    /// The names of all, as far as they can be shown.
    pub(super) names: RawText,
    /// The memory that all this takes.
    _held: Held,
}

/// Why the fields of a secret that is there are not read.
pub(super) enum Unread {
    /// They take more memory than a run may.
    TooMuch,
    /// The answer is none that a server makes, for this reason.
    Garbled(&'static str),
}

/// A small answer about the server itself, in bytes of memory: many times what a mount or a list of capabilities takes.
const SMALL: usize = 1 << 20;

impl Data {
    /// What the server tells of itself; null for what is too large for that.
    pub(super) fn small(&self) -> Value {
        small(&self.text)
    }

    /// The wanted fields of the secret that it holds as `shape`; none where it holds none.
    pub(super) fn fields(self, shape: Shape, wanted: &Wanted) -> Result<Option<Fields>, Unread> {
        let Some(text) = shape.fields(&self.text) else { return Ok(None) };
        if !text.starts_with('{') {
            return Err(Unread::Garbled("the secret is not an object"));
        }
        let mut held = self.held.beside();
        // A text with escapes is put together beside the one that is read.
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
            // The text is JSON, or the answer would not have been read.
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

/// The value of a text that is short in a sound answer; null for any other.
pub(super) fn small(text: &RawValue) -> Value {
    json::parse_within(text.get().as_bytes(), &mut SMALL.clone()).unwrap_or_default()
}

impl Wanted {
    /// What `field` is taken from.
    pub(super) fn by(field: &Field) -> Self {
        match field {
            Field::Whole | Field::All => Self { all: true, ..Self::default() },
            Field::Key(key) => Self { all: false, keys: [key.clone()].into() },
            Field::Pointer(pointer) => Self { all: false, keys: [value::first_of(pointer).0].into() },
        }
    }

    /// What either wants.
    pub(super) fn and(&mut self, other: Self) {
        self.all |= other.all;
        self.keys.extend(other.keys);
    }

    fn has(&self, name: &str) -> bool {
        self.all || self.keys.contains(name)
    }
}
