//! What is read of which secret, into which variable.

mod grammar;
mod naming;

use serde_json::{Map, Value};

use super::path::Path;
use crate::shell::Name;
pub use naming::{Nameless, Naming};

/// One secret's way into the job.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Where it goes.
    pub target: Target,
    /// What is asked of the server.
    pub query: Query,
    /// What is taken from the answer.
    pub field: Field,
    /// How it is treated.
    pub treatment: Treatment,
}

/// Where a secret goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One variable.
    Variable(Name),
    /// A variable for each key.
    Each {
        /// What comes before the key in its name.
        prefix: String,
        /// How the two become a name.
        naming: Naming,
    },
}

/// One request, whose answer serves every selection that asks the same.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// A read.
    Read {
        /// Which engine the path is for, where the command line says so.
        engine: Engine,
        /// As it was written.
        path: Path,
        /// A version of a KV v2 secret; else the latest.
        version: Option<u32>,
    },
    /// A write whose answer is the secret: a certificate, a signature, a ciphertext.
    Write {
        /// The path.
        path: Path,
        /// The parameters.
        body: Map<String, Value>,
    },
}

impl Query {
    /// The path as it was written.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. } | Self::Write { path, .. } => path,
        }
    }
}

/// Which kind of engine a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The server is asked.
    Unknown,
    /// KV version 1, or any other whose paths are taken as they are.
    Kv1,
    /// KV version 2: `data/` is put in behind the first segment, the mount.
    Kv2,
}

/// What is taken from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// All of it, as JSON.
    Whole,
    /// The value of a key, whatever characters it has.
    Key(String),
    /// What a JSON pointer leads to (RFC 6901).
    Pointer(String),
    /// Every key, each into a variable of its own.
    All,
}

/// How a value is treated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Treatment {
    /// What to do where there is none.
    pub missing: Missing,
    /// Decode it first.
    pub base64: bool,
    /// Put it into a private file; the variable is the file's path.
    pub file: bool,
}

/// What to do where there is no such secret or field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// End the run.
    #[default]
    Refuse,
    /// Go on without the variable.
    Skip,
    /// Take this.
    Default(String),
}
