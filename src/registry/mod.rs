//! Container registries. A registry's password is kept in a private file, and Docker's configuration names this
//! program as the registry's helper.
//!
//! ```text
//! Password + Renewal ──register──▶ a 0600 file per registry, and credHelpers in config.json
//! docker, podman, … ──get──▶ the file's password until it is about to expire, then a new one
//! ```
//!
//! The protocol: <https://github.com/docker/docker-credential-helpers>.

mod callers;
pub mod docker_config;
mod json_text;
mod kept;
mod login;
mod place;
mod registration;
mod server;
mod written;

use std::time::SystemTime;

pub use kept::{Kept, answering, kept, lock, servers};
pub use login::Login;
pub use registration::{Registration, answer, foresee, register};
pub use server::{bare, host_name, owner_without_exchange, server_of};
pub use written::Written;

use crate::http::CaFile;
use crate::secret::Secret;

/// The helper's name in Docker's configuration.
pub const HELPER: &str = "oidc-exchange";

/// The helper's program name.
pub const PROGRAM: &str = "docker-credential-oidc-exchange";

/// A registry's user name and password.
#[derive(Clone, Debug)]
pub struct Password {
    /// The user name.
    pub username: String,
    /// The password.
    pub secret: Secret,
    /// When it expires.
    pub expires: SystemTime,
}

/// How registries are registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether they are registered only for a COMMAND.
    pub of_command: bool,
    /// Whether COMMAND has no variable with the subject token.
    pub token_withheld: bool,
    /// `--ca-file`, which a renewal needs too.
    pub ca_file: Option<CaFile>,
    /// `--allow-http`, which a renewal needs too.
    pub allow_http: Option<String>,
}

/// The command line that gets a registry's password again, without the program's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal(pub Vec<String>);
