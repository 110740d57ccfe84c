//! Vault and OpenBao: what is asked for, and what comes back.
//!
//! A login with the job's token, reads with the client token that it gives, and that token's end:
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
    /// The server; a path of its own comes before `/v1/`.
    pub address: Url,
    /// The address as the command line has it, and as no other client knows it; none where a variable holds it.
    pub named_address: Option<String>,
    /// The client that a hint's command lines are for.
    pub client: ClientCommand,
    /// The namespace, where there is one.
    pub namespace: Option<String>,
    /// Where the JWT auth method is mounted, below `auth/`.
    pub mount: Path,
    /// The role; else the mount's default.
    pub role: Option<String>,
    /// What to read, in the order in which it is handed out.
    pub selections: Vec<Selection>,
    /// Whether the client token itself is wanted.
    pub export_token: bool,
    /// Whether the client token is left to end by itself.
    pub no_revoke: bool,
    /// How the server is reached, for `clean`.
    pub server_options: ServerOptions,
    /// Whether one value goes out as it is, which no environment has to carry.
    pub raw: bool,
}

/// The variables of OpenBao's clients that would beat the exported ones, even when empty.
const BEATS_THEM: [(&str, &str); 2] = [("BAO_TOKEN", "VAULT_TOKEN"), ("BAO_ADDR", "VAULT_ADDR")];

impl Request {
    fn login_path(&self) -> Path {
        Path::fixed(&["auth"]).join(&self.mount).join(&Path::fixed(&["login"]))
    }

    /// What is removed so that the exported variables hold.
    fn beaten_names(&self) -> Vec<Name> {
        if !self.export_token {
            return Vec::new();
        }
        let namespace = self.namespace.is_some().then_some("BAO_NAMESPACE");
        BEATS_THEM.iter().map(|(bao, _)| *bao).chain(namespace).map(Name::fixed).collect()
    }

    /// Whether one login serves both. Which of two requests a name is for can be told only if each name is known beforehand.
    #[must_use]
    pub fn shares_login_with(&self, other: &Self) -> bool {
        let is_named = |it: &Selection| matches!(it.target, selection::Target::Variable(_));
        if !self.selections.iter().chain(&other.selections).all(is_named) {
            return false;
        }
        let login = |it: &Self| (it.address.clone(), it.namespace.clone(), it.mount.clone(), it.role.clone());
        login(self) == login(other) && self.no_revoke == other.no_revoke && !self.raw && !other.raw
    }

    /// Asks for what `other` asks for too, with the same login.
    pub fn join(&mut self, other: &Self) {
        self.selections.extend(other.selections.iter().cloned());
        self.export_token |= other.export_token;
    }

    /// The address as a client's variable holds it.
    fn address_text(&self) -> String {
        self.address.as_str().trim_end_matches('/').to_owned()
    }
}

/// The variables that hold credentials whatever is asked for, which `clean` removes.
#[must_use]
pub fn credential_names() -> Vec<Name> {
    vec![Name::fixed("VAULT_TOKEN")]
}
