//! Changes one member of a JSON object in a text, and keeps every other byte.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object that is the text, or a part of it.
#[derive(Debug)]
pub(super) struct Object<'t> {
    text: &'t str,
    /// From its opening to its closing brace.
    range: Range<usize>,
    members: Vec<Member>,
}

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    /// The position of its value in the text.
    pub(super) value: Range<usize>,
}

impl<'t> Object<'t> {
    /// The object at `range` of `text`, which is the position of a value; `None` if the value is not an object.
    pub(super) fn read(text: &'t str, range: Range<usize>) -> Option<Self> {
        let part = text.get(range.clone())?;
        let start = range.start + part.len() - part.trim_start().len();
        let object = part.trim();
        let members = serde_json::Deserializer::from_str(object).deserialize_map(Spans { object, start }).ok()?;
        Some(Self { text, range: start..start + object.len(), members })
    }

    /// The object of a text without one: an empty file.
    pub(super) fn missing(text: &'t str) -> Self {
        Self { text, range: 0..0, members: Vec::new() }
    }

    /// Whether there is no object.
    pub(super) fn is_missing(&self) -> bool {
        self.range.is_empty()
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }

    pub(super) fn value(&self, index: usize) -> &'t str {
        self.members.get(index).and_then(|member| self.text.get(member.value.clone())).unwrap_or_default()
    }

    /// The text with `value` in place of a member's value.
    pub(super) fn replaced(&self, index: usize, value: &str) -> String {
        let range = self.members.get(index).map_or(0..0, |member| member.value.clone());
        spliced(self.text, range, value)
    }

    /// The text before each member's name: a line break and indentation, or nothing. `None` if there is no member.
    pub(super) fn lead(&self) -> Option<&'t str> {
        let first = self.members.first()?;
        let before = self.text.get(self.range.start + 1..first.value.start).unwrap_or_default();
        before.split('"').next()
    }

    /// The text with another member at the end. `lead` comes before its name. If the object was empty, `close` comes
    /// after its value.
    pub(super) fn with(&self, name: &str, value: &str, lead: &str, close: &str) -> String {
        let member = member(lead, name, value);
        match self.members.last() {
            Some(last) => spliced(self.text, last.value.end..last.value.end, &format!(",{member}")),
            None => spliced(self.text, self.range.start + 1..self.range.end - 1, &format!("{member}{close}")),
        }
    }

    /// The text without a member.
    pub(super) fn without(&self, index: usize) -> String {
        let end = |index: usize| self.members.get(index).map(|member| member.value.end);
        let (Some(to), first) = (end(index), self.range.start + 1) else { return self.text.to_owned() };
        if index > 0 {
            return spliced(self.text, end(index - 1).unwrap_or(first)..to, "");
        }
        let rest = self.text.get(to..self.range.end).unwrap_or_default();
        match (self.members.len(), rest.find(',')) {
            // The next member replaces the first one, with the text before its own name.
            (2.., Some(comma)) => spliced(self.text, first..to + comma + 1, ""),
            _ => spliced(self.text, first..self.range.end - 1, ""),
        }
    }
}

/// A member as text. If members are on their own lines, a space precedes the value.
pub(super) fn member(lead: &str, name: &str, value: &str) -> String {
    let colon = if lead.is_empty() { ":" } else { ": " };
    format!("{lead}{}{colon}{value}", serde_json::Value::from(name))
}

fn spliced(text: &str, range: Range<usize>, by: &str) -> String {
    let (before, after) = (text.get(..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    [before, by, after].concat()
}

/// Finds the positions of the members of `object`, which starts at `start` of the text.
struct Spans<'t> {
    object: &'t str,
    start: usize,
}

impl<'t> Visitor<'t> for Spans<'t> {
    type Value = Vec<Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<Vec<Member>, A::Error> {
        let mut found = Vec::new();
        while let Some((name, value)) = members.next_entry::<String, &RawValue>()? {
            let value = value.get();
            let start = self.start + (value.as_ptr().addr() - self.object.as_ptr().addr());
            found.push(Member { name, value: start..start + value.len() });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Object<'_> {
        Object::read(text, 0..text.len()).unwrap()
    }

    #[test]
    fn a_member_goes_with_its_comma() {
        let text = "{\n\t\"a\": 1,\n\t\"b\" : {\"x\": [1, 2]} ,\n\t\"c\": \",}\"\n}\n";
        let object = whole(text);
        let without = |name: &str| object.without(object.find(name).unwrap());
        assert_eq!(without("a"), "{\n\t\"b\" : {\"x\": [1, 2]} ,\n\t\"c\": \",}\"\n}\n");
        assert_eq!(without("b"), "{\n\t\"a\": 1 ,\n\t\"c\": \",}\"\n}\n");
        assert_eq!(without("c"), "{\n\t\"a\": 1,\n\t\"b\" : {\"x\": [1, 2]}\n}\n");
        assert_eq!(whole("{ \"a\": 1 }").without(0), "{}");
    }

    #[test]
    fn a_member_is_added_in_the_layout_of_the_others() {
        assert_eq!(whole("{\n  \"a\": 1\n}").with("b", "2", "\n  ", "\n"), "{\n  \"a\": 1,\n  \"b\": 2\n}");
        assert_eq!(whole("{\"a\":1}").with("b", "2", "", ""), "{\"a\":1,\"b\":2}");
        assert_eq!(whole(" {}\n").with("b", "2", "\n\t", "\n"), " {\n\t\"b\": 2\n}\n");
        assert_eq!(whole("{\n  \"a\": 1\n}").lead(), Some("\n  "));
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in ["", "1", "[]", "null", "\"{}\"", "{", "{\"a\"}"] {
            assert!(Object::read(text, 0..text.len()).is_none(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn taking_out_what_was_added_gives_the_text_back(members: Vec<(u8, i32)>, blanks in "[ \n\t]{0,4}") {
            let mut names: Vec<u8> = Vec::new();
            let mut parts = Vec::new();
            for (name, value) in members {
                if !names.contains(&name) {
                    names.push(name);
                    parts.push(format!("{blanks}\"{name}\"{blanks}:{blanks}{value}{blanks}"));
                }
            }
            proptest::prop_assume!(!parts.is_empty());
            let text = format!("{blanks}{{{}}}{blanks}", parts.join(","));
            let added = whole(&text).with("new", "{}", &blanks, "");
            let object = whole(&added);
            proptest::prop_assert_eq!(object.without(object.find("new").unwrap()), text);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            if let Some(object) = Object::read(&text, 0..text.len()) {
                let _ = (object.lead(), object.with("a", "1", "", ""));
                for index in 0..object.members().len() {
                    let _ = (object.value(index), object.without(index), object.replaced(index, "1"));
                }
            }
        }
    }
}
