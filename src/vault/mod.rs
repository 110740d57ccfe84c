//! Vault and OpenBao: requests and results.
//!
//! A run logs in with the job's token, reads with the resulting client token, and revokes that token:
//! <https://openbao.org/api-docs/auth/jwt/>, <https://developer.hashicorp.com/vault/api-docs/auth/jwt>.

mod about;
mod answer;
mod cause;
mod client_command;
mod client_token;
mod connections;
mod data;
pub mod exchange;
pub mod exports;
mod held_token;
mod hints;
mod kv;
pub mod leftover_token;
mod login;
mod login_cause;
mod mounts;
pub mod names;
pub mod path;
mod pending;
mod policy;
mod read_cause;
mod reading;
pub mod secrets_file;
pub mod selection;
mod server_options;
mod session;
pub mod settings;
pub mod setup;
mod token_checks;
mod token_self;
pub mod trust;
mod value;
mod wire;

use reqwest::Url;

use crate::shell::Name;
pub use about::ABOUT;
pub use client_command::ClientCommand;
pub use exchange::Secrets;
pub use held_token::HeldToken;
pub use leftover_token::LeftoverToken;
use path::Path;
pub use pending::PendingRevocation;
use selection::Selection;
pub use server_options::ServerOptions;

/// A validated request.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// The server's address. A path in it comes before `/v1/`.
    pub address: Url,
    /// The address on the command line, which other clients do not have; `None` if it is from a variable.
    pub named_address: Option<String>,
    /// The client for the commands in hints.
    pub client: ClientCommand,
    /// The namespace, if any.
    pub namespace: Option<String>,
    /// The path of the JWT auth method, below `auth/`.
    pub mount: Path,
    /// The role; `None` for the mount's default.
    pub role: Option<String>,
    /// What to read, in the order of the output.
    pub selections: Vec<Selection>,
    /// Whether the client token itself is exported.
    pub export_token: bool,
    /// Whether the client token is not revoked.
    pub no_revoke: bool,
    /// The connection options, which `clean` also needs.
    pub server_options: ServerOptions,
    /// Whether the output is one raw value, not variables.
    pub raw: bool,
}

/// Variables that OpenBao's clients would prefer to the exported ones, even if empty.
const BEATS_THEM: [(&str, &str); 2] = [("BAO_TOKEN", "VAULT_TOKEN"), ("BAO_ADDR", "VAULT_ADDR")];

impl Request {
    fn login_path(&self) -> Path {
        Path::fixed(&["auth"]).join(&self.mount).join(&Path::fixed(&["login"]))
    }

    /// The variables to unset, so that the exported ones have an effect.
    fn beaten_names(&self) -> Vec<Name> {
        if !self.export_token {
            return Vec::new();
        }
        let namespace = self.namespace.is_some().then_some("BAO_NAMESPACE");
        BEATS_THEM.iter().map(|(bao, _)| *bao).chain(namespace).map(Name::fixed).collect()
    }

    /// Whether one login is sufficient for both. The name of each variable must be known in advance, to assign it to
    /// one of the requests.
    #[must_use]
    pub fn shares_login_with(&self, other: &Self) -> bool {
        let is_named = |it: &Selection| matches!(it.target, selection::Target::Variable(_));
        if !self.selections.iter().chain(&other.selections).all(is_named) {
            return false;
        }
        let login = |it: &Self| (it.address.clone(), it.namespace.clone(), it.mount.clone(), it.role.clone());
        login(self) == login(other) && self.no_revoke == other.no_revoke && !self.raw && !other.raw
    }

    /// Adds the requests of `other`, with the same login.
    pub fn join(&mut self, other: &Self) {
        self.selections.extend(other.selections.iter().cloned());
        self.export_token |= other.export_token;
    }

    /// The address in the form for a client's variable.
    fn address_text(&self) -> String {
        self.address.as_str().trim_end_matches('/').to_owned()
    }
}

/// The variables that hold credentials for every request. `clean` unsets them.
#[must_use]
pub fn credential_names() -> Vec<Name> {
    vec![Name::fixed("VAULT_TOKEN")]
}
