//! JSON that keeps the order of its members, as in the provider's documentation.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A JSON value. The members of an object keep their order; `serde_json` sorts them.
///
/// ```
/// use oidc_exchange::recipe::Document;
///
/// let policy = Document::object([("Version", "2012-10-17".into()), ("Statement", Document::list([]))]);
/// assert_eq!(policy.to_string(), r#"{"Version":"2012-10-17","Statement":[]}"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// Anything without members.
    Plain(Value),
    /// A list.
    List(Vec<Self>),
    /// An object. Its members are in order, and no name occurs twice.
    Object(Vec<(String, Self)>),
}

impl Document {
    /// An object with these members, in this order.
    pub fn object<N: Into<String>>(members: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// A list of these items.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// The text with one line per member and item, indented by two spaces.
    #[must_use]
    pub fn pretty(&self) -> String {
        // Keys are texts and numbers are JSON numbers, so writing to a text cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl From<&str> for Document {
    fn from(text: &str) -> Self {
        Self::Plain(text.into())
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self::Plain(text.into())
    }
}

impl From<Value> for Document {
    /// Keeps the order of `value`.
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::list(items.into_iter().map(Self::from)),
            Value::Object(members) => Self::object(members.into_iter().map(|(name, value)| (name, value.into()))),
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Self::Plain(plain),
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// The text in one line.
impl std::fmt::Display for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}
