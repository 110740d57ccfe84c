//! KV version 1 and 2 told apart, and an answer turned into the secret's fields.
//!
//! Version 2 puts `data/` behind the mount in its paths, and the fields below `data.data` in its answers:
//! <https://openbao.org/api-docs/secret/kv/kv-v2/#read-secret-version>.

use serde_json::{Map, Value};

use super::path::Path;
use super::wire::Envelope;

/// A mount, as the server names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// With a slash at its end.
    pub(super) path: String,
    pub(super) versioned: bool,
}

impl Mount {
    /// Reads the answer of `sys/internal/ui/mounts/PATH`.
    pub(super) fn of(envelope: &Envelope) -> Option<Self> {
        let data = envelope.data.as_ref()?;
        let path = data.get("path")?.as_str().filter(|path| path.ends_with('/'))?.to_owned();
        let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
        let version = data.get("options").and_then(|options| options.get("version")).and_then(Value::as_str);
        Some(Self { path, versioned: matches!(kind, "kv" | "generic") && version == Some("2") })
    }

    /// Where a secret of this mount is read: with `data/` behind the mount where version 2 asks for it. A path that has
    /// it already is taken as it is.
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

/// How an answer holds its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// In `data`.
    Plain,
    /// In `data.data`.
    Versioned,
    /// In either: the answer shows it.
    Guess,
}

impl Shape {
    /// The secret's fields; none where the answer has none.
    pub(super) fn fields(self, data: Value) -> Option<Map<String, Value>> {
        let Value::Object(mut data) = data else { return None };
        let versioned = match self {
            Self::Plain => false,
            Self::Versioned => true,
            Self::Guess => is_versioned(&data),
        };
        if !versioned {
            return Some(data);
        }
        match data.remove("data") {
            Some(Value::Object(fields)) => Some(fields),
            _ => None,
        }
    }
}

/// A version 1 secret may have fields named `data` and `metadata` of its own; hardly these inside.
fn is_versioned(data: &Map<String, Value>) -> bool {
    let metadata = data.get("metadata").and_then(Value::as_object);
    data.get("data").is_some_and(|fields| fields.is_object() || fields.is_null())
        && metadata.is_some_and(|metadata| metadata.contains_key("version") && metadata.contains_key("created_time"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Path {
        Path::parse("x", text).unwrap()
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
        let of = |data: Value| Mount::of(&Envelope { data: Some(data), ..Envelope::default() });
        let kv2 = of(json!({"path": "secret/", "type": "kv", "options": {"version": "2"}})).unwrap();
        assert!(kv2.versioned);
        assert!(!of(json!({"path": "kv/", "type": "kv", "options": null})).unwrap().versioned);
        assert!(!of(json!({"path": "pki/", "type": "pki", "options": {"version": "2"}})).unwrap().versioned);
        assert!(of(json!({"type": "kv"})).is_none());
    }

    #[test]
    fn the_shape_is_guessed_by_what_only_the_server_writes() {
        let versioned = json!({"data": {"a": 1}, "metadata": {"version": 1, "created_time": "t"}});
        let fields = Shape::Guess.fields(versioned).unwrap();
        assert_eq!(Value::Object(fields), json!({"a": 1}));
        let plain = json!({"data": "mine", "metadata": {"version": 1, "created_time": "t"}});
        assert_eq!(Shape::Guess.fields(plain.clone()).map(Value::Object), Some(plain));
        let plain = json!({"data": {"a": 1}, "metadata": "mine"});
        assert_eq!(Shape::Guess.fields(plain.clone()).map(Value::Object), Some(plain));
        assert_eq!(Shape::Versioned.fields(json!({"data": null})), None);
        assert_eq!(Shape::Plain.fields(Value::Null), None);
    }
}
