//! A JSON file that the user names: the output of a provider's own tool, or a policy written by hand.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::error::Usage;
use crate::input::{self, Kind, Reader};
use crate::json;
use crate::secret::redact_jwt_shaped;

/// The parsed file, and its name for errors.
#[derive(Debug)]
pub struct Document {
    name: String,
    value: Value,
}

impl Document {
    /// Reads the file that `option` names; `-` is standard input. `as_json` is the option that makes the provider's
    /// tool print JSON, such as `--format=json`; it is for the hint.
    ///
    /// An object with a duplicate name is refused, because parsers differ in which of the two values they use.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than 1 MiB, or is not valid JSON. The error has the line and column.
    pub fn read(reader: &Reader, option: &str, path: &Path, as_json: &str) -> Result<Self, Usage> {
        Self::read_with(reader, option, path, as_json, |bytes| bytes)
    }

    /// Reads the file at `path`, which `option` names. `decode` first converts its bytes to JSON.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn read_with(
        reader: &Reader,
        option: &str,
        path: &Path,
        as_json: &str,
        decode: fn(Vec<u8>) -> Vec<u8>,
    ) -> Result<Self, Usage> {
        if path.as_os_str().is_empty() {
            return Err(Usage::new(format!(
                "{option} is empty: it must be the name of a file, or - for standard input"
            )));
        }
        let name = format!("{option} {}", path.display());
        let read = if path.as_os_str() == "-" {
            reader.stdin(option, Kind::Document)
        } else {
            reader.file(option, path, Kind::Document)
        };
        let bytes = read.map_err(|fault| {
            let usage = Usage::new(format!("{name}: {fault}"));
            if fault.is_absence() { usage.hint(format!("write the file with: {as_json}")) } else { usage }
        })?;
        let text = input::text(bytes).map_err(|fault| Usage::new(format!("{name}: {fault}")))?;
        if text.trim().is_empty() {
            let what = if path.as_os_str() == "-" { "standard input" } else { "the file" };
            return Err(Usage::new(format!("{name}: {what} is empty"))
                .hint("run the command that prints it by hand: it may have failed"));
        }
        if is_packed(&text) {
            return Err(Usage::new(format!("{name}: it is JSON in base64")).hint("decode it with: base64 -d"));
        }
        if !text.trim_start().starts_with('{') && redact_jwt_shaped(text.trim()) != text.trim() {
            return Err(Usage::new(format!("{name}: it holds a token, which is a secret"))
                .hint("remove the file; this prints only the claims: oidc-exchange token --format json"));
        }
        let text = decode(text.into_bytes());
        // A text that starts like JSON is truncated, or was written by hand.
        let is_another_form = !text.trim_ascii_start().starts_with(b"{");
        Self::from_text(&name, &text)
            .map_err(|wrong| if is_another_form { wrong.hint(format!("print it as JSON: {as_json}")) } else { wrong })
    }

    /// Parses `text`. Errors call it `name`. It is for a document inside another one, and for tests.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn from_text(name: &str, text: &[u8]) -> Result<Self, Usage> {
        let value = json::parse(text).map_err(|fault| {
            let usage = Usage::new(format!("{name}: {fault}"));
            fault.hint().into_iter().fold(usage, Usage::hint)
        })?;
        Ok(Self { name: name.into(), value })
    }

    /// The name that errors use for the document.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// If this is the output of `setup --format json`: the document in it whose name `is_wanted` accepts. Otherwise the
    /// whole document.
    #[must_use]
    pub fn or_within_setup(mut self, is_wanted: fn(&str) -> bool) -> Self {
        let documents = self.value.get_mut("documents").and_then(Value::as_object_mut);
        if let Some((name, document)) = documents.and_then(|all| all.iter_mut().find(|(name, _)| is_wanted(name))) {
            self.name = format!("{}: documents.{name}", self.name);
            self.value = document.take();
        }
        self
    }

    /// The root value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Returns `value` as a text; `place` is its path in the document.
    ///
    /// # Errors
    /// If it is not a text.
    pub fn text<'v>(&self, place: &str, value: &'v Value) -> Result<&'v str, Usage> {
        value.as_str().ok_or_else(|| self.wrong(place, "it is not a text"))
    }

    /// How errors name `place`, a path such as `Statement[1].Effect`; empty for the whole document.
    #[must_use]
    pub fn place(&self, place: &str) -> String {
        let between = if place.is_empty() { "" } else { ": " };
        format!("{}{between}{place}", self.name)
    }

    /// The error that the value at `place` is invalid.
    #[must_use]
    pub fn wrong(&self, place: &str, why: impl fmt::Display) -> Usage {
        Usage::new(format!("{}: {why}", self.place(place)))
    }
}

/// Whether `text` is the base64 of a JSON object. Like a token, it begins with `eyJ`.
fn is_packed(text: &str) -> bool {
    let packed: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(packed).unwrap_or_default();
    decoded.starts_with(b"{") && json::parse(&decoded).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        Document::from_text("--x f", text.as_bytes()).map(|read| read.value).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn json_is_read_as_it_is() {
        let text = r#"{"a": [1, -2.50, 12345678901234567890123, true, null, "x"], "b": {"a": {}}}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(read("7"), Ok(json!(7)));
    }

    #[test]
    fn what_setup_has_printed_has_the_document_in_it() {
        let of = |text: &str| {
            let document = Document::from_text("--x f", text.as_bytes()).unwrap().or_within_setup(|name| name == "b");
            (document.wrong("c", "no").to_string(), document.value)
        };
        assert_eq!(
            of(r#"{"documents": {"a": 1, "b": {"c": 2}}}"#),
            ("--x f: documents.b: c: no".into(), json!({ "c": 2 }))
        );
        assert_eq!(of(r#"{"documents": [], "b": 1}"#).1, json!({ "documents": [], "b": 1 }));
        assert_eq!(of(r#"{"documents": {"a": 1}}"#).1, json!({ "documents": { "a": 1 } }));
    }

    #[test]
    fn what_is_not_says_where() {
        assert_eq!(
            read("{\n  \"a\": 1,,\n}").unwrap_err(),
            "--x f: not JSON: key must be a string at line 2 column 10"
        );
        assert_eq!(
            read(r#"{"a":1,"b":{"c":1,"c":2}}"#).unwrap_err(),
            "--x f: `c` is there twice in one object, at line 1 column 21"
        );
        assert!(read("").is_err() && read("{} {}").is_err() && read(&"[".repeat(100_000)).is_err());
    }
}
