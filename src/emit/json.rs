//! JSON: one object with a member for each variable, in the order of the other formats.

use serde::{Serialize, Serializer};

use super::{Error, Exports};

/// The variables as members.
pub(super) fn object(exports: &Exports) -> Result<String, Error> {
    text(&Members(exports))
}

/// `value` as JSON with line breaks, and a line break at the end.
pub(crate) fn text(value: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::Stdout { why: error.to_string() })?;
    Ok(text + "\n")
}

struct Members<'e>(&'e Exports);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.variables().map(|(name, value)| (name.as_str(), value)))
    }
}
