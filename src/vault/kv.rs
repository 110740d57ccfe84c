//! Distinguishes KV version 1 and 2, and extracts the secret's fields from an answer.
//!
//! Version 2 has `data/` after the mount in its paths, and the fields below `data.data` in its answers:
//! <https://openbao.org/api-docs/secret/kv/kv-v2/#read-secret-version>.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::path::Path;

/// A mount, as the server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// The path, with a trailing slash.
    pub(super) path: String,
    pub(super) versioned: bool,
}

impl Mount {
    /// Parses the answer of `sys/internal/ui/mounts/PATH`.
    pub(super) fn of(data: &Value) -> Option<Self> {
        let path = data.get("path")?.as_str().filter(|path| path.ends_with('/'))?.to_owned();
        let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
        let version = data.get("options").and_then(|options| options.get("version")).and_then(Value::as_str);
        Some(Self { path, versioned: matches!(kind, "kv" | "generic") && version == Some("2") })
    }

    /// Whether `path` is below it.
    pub(super) fn has(&self, path: &Path) -> bool {
        path.below(&self.path).is_some()
    }

    /// The API path of a secret in this mount. For version 2, `data/` is inserted after the mount, unless the path
    /// already has it.
    pub(super) fn resolve(&self, path: &Path) -> (Path, Shape) {
        if !self.versioned {
            return (path.clone(), Shape::Plain);
        }
        match path.below(&self.path) {
            Some(rest) if !is_of_the_api(rest) => (path.with_behind(&self.path, "data"), Shape::Versioned),
            _ => (path.clone(), Shape::Guess),
        }
    }
}

fn is_of_the_api(rest: &str) -> bool {
    ["data/", "metadata/"].iter().any(|beginning| rest.starts_with(beginning))
}

/// Where an answer contains the secret's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// In `data`.
    Plain,
    /// In `data.data`.
    Versioned,
    /// In one of both, depending on the answer.
    Guess,
}

impl Shape {
    /// The text of the secret's fields: an object in a valid answer; `None` if there is none.
    pub(super) fn fields(self, data: &RawValue) -> Option<&str> {
        let inner = || serde_json::from_str::<Inner<'_>>(data.get()).unwrap_or_default();
        let fields = match self {
            Self::Plain => Some(data),
            Self::Versioned => inner().data,
            Self::Guess => match inner() {
                inner if inner.is_versioned() => inner.data,
                _ => Some(data),
            },
        };
        fields.map(RawValue::get).filter(|fields| *fields != "null")
    }
}

/// The data of a versioned secret.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Inner<'d> {
    #[serde(borrow, deserialize_with = "there")]
    data: Option<&'d RawValue>,
    #[serde(borrow)]
    metadata: Option<&'d RawValue>,
}

/// A null counts as present: a deleted version has one.
fn there<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Option<&'d RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

impl Inner<'_> {
    /// A version 1 secret may have its own fields `data` and `metadata`, but hardly with these members.
    fn is_versioned(&self) -> bool {
        #[derive(Deserialize)]
        struct Metadata {
            #[serde(rename = "version")]
            _version: IgnoredAny,
            #[serde(rename = "created_time")]
            _created_time: IgnoredAny,
        }
        let metadata = self.metadata.filter(|metadata| is_object(metadata.get()));
        self.data.is_some_and(|fields| is_object(fields.get()) || fields.get() == "null")
            && metadata.is_some_and(|metadata| serde_json::from_str::<Metadata>(metadata.get()).is_ok())
    }
}

fn is_object(text: &str) -> bool {
    text.starts_with('{')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Path {
        Path::parse("x", text).unwrap()
    }

    fn fields(shape: Shape, data: &Value) -> Option<Value> {
        let data = RawValue::from_string(data.to_string()).unwrap();
        shape.fields(&data).map(|text| serde_json::from_str(text).unwrap())
    }

    #[test]
    fn both_spellings_of_a_versioned_path_are_the_same() {
        let mount = Mount { path: "team/kv2/".into(), versioned: true };
        assert_eq!(mount.resolve(&path("team/kv2/ci/a")), (path("team/kv2/data/ci/a"), Shape::Versioned));
        assert_eq!(mount.resolve(&path("team/kv2/data/ci/a")), (path("team/kv2/data/ci/a"), Shape::Guess));
        assert_eq!(mount.resolve(&path("team/kv2/database")).0, path("team/kv2/data/database"));
        let plain = Mount { path: "kv1/".into(), versioned: false };
        assert_eq!(plain.resolve(&path("kv1/data/a")), (path("kv1/data/a"), Shape::Plain));
    }

    #[test]
    fn a_mount_is_what_the_server_says() {
        let of = |data: Value| Mount::of(&data);
        let kv2 = of(json!({"path": "secret/", "type": "kv", "options": {"version": "2"}})).unwrap();
        assert!(kv2.versioned);
        assert!(!of(json!({"path": "kv/", "type": "kv", "options": null})).unwrap().versioned);
        assert!(!of(json!({"path": "pki/", "type": "pki", "options": {"version": "2"}})).unwrap().versioned);
        assert!(of(json!({"type": "kv"})).is_none());
    }

    #[test]
    fn the_shape_is_guessed_by_what_only_the_server_writes() {
        let versioned = json!({"data": {"a": 1}, "metadata": {"version": 1, "created_time": "t"}});
        assert_eq!(fields(Shape::Guess, &versioned), Some(json!({"a": 1})));
        let plain = json!({"data": "mine", "metadata": {"version": 1, "created_time": "t"}});
        assert_eq!(fields(Shape::Guess, &plain).as_ref(), Some(&plain));
        let plain = json!({"data": {"a": 1}, "metadata": "mine"});
        assert_eq!(fields(Shape::Guess, &plain).as_ref(), Some(&plain));
        let gone = json!({"data": null, "metadata": {"version": 1, "created_time": "t"}});
        assert_eq!(fields(Shape::Guess, &gone), None);
        let plain = json!({"metadata": {"version": 1, "created_time": "t"}});
        assert_eq!(fields(Shape::Guess, &plain).as_ref(), Some(&plain));
        assert_eq!(fields(Shape::Versioned, &json!({"data": null})), None);
        assert_eq!(fields(Shape::Plain, &Value::Null), None);
    }
}
