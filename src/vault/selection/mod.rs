//! Selections: which value of which secret goes into which variable.

mod grammar;
mod naming;

use serde_json::{Map, Value};

use super::path::Path;
use crate::shell::Name;
use crate::text;
pub use naming::{Nameless, Naming};

/// One value of a secret for the job.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The variable or variables that get it.
    pub target: Target,
    /// The request to the server.
    pub query: Query,
    /// The part of the answer.
    pub field: Field,
    /// How the value is processed.
    pub treatment: Treatment,
}

/// The variable or variables for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One variable.
    Variable(Name),
    /// A variable for each key.
    Each {
        /// The start of each name.
        prefix: String,
        /// How prefix and key become a name.
        naming: Naming,
    },
}

/// One request. Its answer is used for every selection with the same request.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// A read.
    Read {
        /// The engine, if the command line names it.
        engine: Engine,
        /// The path as written.
        path: Path,
        /// The version of a KV v2 secret; `None` for the latest.
        version: Option<u32>,
    },
    /// A write with a secret in its answer: a certificate, a signature, a ciphertext.
    Write {
        /// The path.
        path: Path,
        /// The parameters.
        body: Map<String, Value>,
    },
}

impl Query {
    /// The path as written.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. } | Self::Write { path, .. } => path,
        }
    }
}

/// The engine that a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Not known: the server is asked.
    Unknown,
    /// KV version 1, or any other engine whose paths need no change.
    Kv1,
    /// KV version 2: `data/` is inserted after the first segment, which is the mount.
    Kv2,
}

/// The part of an answer that is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The whole secret, as JSON.
    Whole,
    /// The value of a key, which may contain any characters.
    Key(String),
    /// The value at a JSON pointer (RFC 6901).
    Pointer(String),
    /// All keys, each in its own variable.
    All,
}

impl Field {
    /// The field of `path` in our syntax, if it has the options after it, a space at an end, or dots between names.
    /// Each of these may also be part of a key.
    #[must_use]
    pub fn other_syntax(&self, path: &Path) -> Option<String> {
        let Self::Key(key) = self else { return None };
        if let Some(invisible) = text::unreadable(key) {
            return Some(format!(
                "remove the invisible character {invisible} from the field, or write it as a pointer"
            ));
        }
        if let Some((field, options)) = key.split_once('?')
            && !field.contains("default=")
            && ["version=", "optional", "default=", "base64", "file"].iter().any(|option| options.starts_with(option))
        {
            // The options may have a secret in `default=`.
            return Some(format!("write the options before the field: NAME={path}?…#{field}"));
        }
        // The rest repeats the field, and so would a default in it.
        if key.contains("default=") {
            return None;
        }
        if key.trim() != key {
            return Some(format!("remove the spaces around the field: NAME={path}#{}", key.trim()));
        }
        let bare = key.trim_end_matches([';', ',', '\\', '"', '\'']);
        if bare.len() < key.len() && !bare.is_empty() {
            let after = &key[bare.len()..];
            return Some(format!("remove `{after}` after the field: NAME={path}#{bare}"));
        }
        let is_nested = key.split('.').count() > 1 && key.split('.').all(|part| !part.is_empty());
        is_nested.then(|| {
            format!("for a value inside a field, write a JSON pointer: NAME={path}#/{}", key.replace('.', "/"))
        })
    }
}

/// How a value is processed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Treatment {
    /// What to do if the value is missing.
    pub missing: Missing,
    /// Decode it as base64.
    pub base64: bool,
    /// Write it to a private file, and set the variable to the file's path.
    pub file: bool,
}

/// What to do if the secret or the field does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Fail.
    #[default]
    Refuse,
    /// Leave the variable out.
    Skip,
    /// Use this value.
    Default(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_after_the_field_is_not_repeated() {
        let path = Path::parse("A", "secret/db").unwrap();
        let hint = |key: &str| Field::Key(key.into()).other_syntax(&path);
        for key in [
            "k default=hunter2;",
            "k default=hunter2?optional",
            "k&default=hunter.2",
            "k?plain&default=hunter2 ",
            "k?default=hunter2;",
            "k?base64&default=hunter.2",
        ] {
            assert!(!hint(key).unwrap_or_default().contains("hunter"), "{key}");
        }
        assert!(hint("k;").unwrap().ends_with("NAME=secret/db#k"));
    }
}
