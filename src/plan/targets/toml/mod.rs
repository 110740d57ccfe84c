//! Parses a TOML document into tables, with the position of each key and value.
//!
//! `toml_parser` reads the text and checks its grammar. This module assigns the keys to tables, as
//! <https://toml.io/en/v1.1.0> defines. It refuses what no targets file needs: arrays of tables, deep nesting, long
//! tables.

mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use toml_parser::decoder::{IntegerRadix, ScalarKind};
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace};
use toml_parser::{Expected, ParseError, Source};

pub use self::table::{Entry, Fault, Node, Table, Value, short};
use self::table::{How, Part};

/// The most parts that a key may have.
const DEEPEST: usize = 6;

/// Parses `text`.
///
/// # Errors
/// The first fault in it.
pub fn parse(text: &str) -> Result<Table, Fault> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::new();
    let mut first: Option<ParseError> = None;
    let mut checked = ValidateWhitespace::new(&mut events, source);
    let mut bounded = RecursionGuard::new(&mut checked, 6);
    toml_parser::parser::parse_document(&tokens, &mut bounded, &mut first);
    drop(tokens);
    if let Some(error) = first {
        return Err(fault(&error, 0));
    }
    let telling = |event: &Event| {
        !matches!(event.kind(), EventKind::Whitespace | EventKind::Comment | EventKind::Newline | EventKind::ValueSep)
    };
    events.retain(telling);
    Parser { source, events: events.iter() }.document()
}

struct Parser<'t, 'e> {
    source: Source<'t>,
    events: std::slice::Iter<'e, Event>,
}

impl Parser<'_, '_> {
    fn document(mut self) -> Result<Table, Fault> {
        let mut root = Table::new(How::Header);
        let mut header: Vec<Part> = Vec::new();
        while let Some(event) = self.events.next() {
            let kind = event.kind();
            if kind == EventKind::StdTableOpen {
                header = self.key(None)?;
                root.open(&header)?;
            } else if kind == EventKind::SimpleKey {
                let key = self.key(Some(event))?;
                let node = self.value()?;
                root.below(&header)?.insert(key, node)?;
            } else if kind == EventKind::ArrayTableOpen {
                return Err(Fault::new(event.span().start(), "an array of tables ([[…]]) has no meaning here"));
            } else {
                return Err(unreadable(event));
            }
        }
        Ok(root)
    }

    /// Reads the parts of a key. `first` is its first event, if that was already read.
    fn key(&mut self, first: Option<&Event>) -> Result<Vec<Part>, Fault> {
        let mut parts = Vec::new();
        let mut next = first;
        loop {
            let Some(event) = next.take().or_else(|| self.events.next()) else { return Ok(parts) };
            let kind = event.kind();
            if kind == EventKind::SimpleKey {
                if parts.len() == DEEPEST {
                    return Err(Fault::new(event.span().start(), "the key has too many parts"));
                }
                let (mut text, mut wrong) = (Cow::Borrowed(""), None);
                if let Some(raw) = self.source.get(event) {
                    raw.decode_key(&mut text, &mut wrong);
                }
                if let Some(error) = wrong {
                    return Err(fault(&error, event.span().start()));
                }
                parts.push(Part { text: text.into_owned(), at: event.span().start() });
            } else if kind == EventKind::KeyValSep || kind == EventKind::StdTableClose {
                return Ok(parts);
            } else if kind != EventKind::KeySep {
                return Err(unreadable(event));
            }
        }
    }

    fn value(&mut self) -> Result<Node, Fault> {
        match self.events.next() {
            Some(event) => self.value_from(event),
            None => Err(Fault::new(0, "a value is missing")),
        }
    }

    fn value_from(&mut self, event: &Event) -> Result<Node, Fault> {
        let (at, kind) = (event.span().start(), event.kind());
        if kind == EventKind::Scalar {
            return Ok(Node::Value(self.scalar(event)?, at));
        }
        if kind == EventKind::ArrayOpen {
            let mut list = Vec::new();
            while let Some(event) = self.events.next().filter(|event| event.kind() != EventKind::ArrayClose) {
                match self.value_from(event)? {
                    Node::Value(value, at) => list.push((value, at)),
                    Node::Table(_) => list.push((Value::Other, event.span().start())),
                }
            }
            return Ok(Node::Value(Value::List(list), at));
        }
        if kind != EventKind::InlineTableOpen {
            return Err(unreadable(event));
        }
        let mut table = Table::new(How::Dotted);
        while let Some(event) = self.events.next().filter(|event| event.kind() != EventKind::InlineTableClose) {
            let key = self.key(Some(event))?;
            let node = self.value()?;
            table.insert(key, node)?;
        }
        table.close();
        Ok(Node::Table(table))
    }

    fn scalar(&self, event: &Event) -> Result<Value, Fault> {
        let Some(raw) = self.source.get(event) else { return Err(unreadable(event)) };
        let (mut text, mut wrong) = (Cow::Borrowed(""), None);
        let kind = raw.decode_scalar(&mut text, &mut wrong);
        if let Some(error) = wrong {
            return Err(fault(&error, event.span().start()));
        }
        Ok(match kind {
            ScalarKind::String => Value::Text(text.into_owned()),
            ScalarKind::Boolean(flag) => Value::Flag(flag),
            ScalarKind::Integer(IntegerRadix::Dec) => Value::Number(text.into_owned()),
            ScalarKind::Integer(_) | ScalarKind::Float | ScalarKind::DateTime => Value::Other,
        })
    }
}

fn unreadable(event: &Event) -> Fault {
    Fault::new(event.span().start(), "this cannot be read as TOML")
}

/// `at` is used if the error has no position of its own.
fn fault(error: &ParseError, at: usize) -> Fault {
    let place = error.unexpected().or_else(|| error.context()).map_or(at, |span| span.start());
    let mut why = error.description().to_owned();
    for (index, expected) in error.expected().unwrap_or_default().iter().enumerate() {
        why.push_str(if index == 0 { "; expected " } else { " or " });
        match expected {
            Expected::Literal("\n") => why.push_str("the end of the line"),
            Expected::Literal(text) => why.extend(["`", text, "`"]),
            Expected::Description(text) => why.push_str(text),
            _ => why.push_str("something else"),
        }
    }
    Fault::new(place, why)
}
