//! The client for the commands in hints: HashiCorp's `vault` or OpenBao's `bao`. Their options are the same.

use std::fmt;

use crate::host::Env;

/// The client's command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCommand {
    /// OpenBao's client.
    #[default]
    Bao,
    /// HashiCorp's client.
    Vault,
}

impl ClientCommand {
    /// The client whose variable contains the server's address; `bao` if neither is set.
    #[must_use]
    pub fn of(env: &Env) -> Self {
        let is_set = |names: [&str; 2]| names.iter().any(|name| env.raw(name).is_some_and(|value| !value.is_empty()));
        if !is_set(["BAO_ADDR", "BAO_AGENT_ADDR"]) && is_set(["VAULT_ADDR", "VAULT_AGENT_ADDR"]) {
            Self::Vault
        } else {
            Self::Bao
        }
    }
}

impl fmt::Display for ClientCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bao => "bao",
            Self::Vault => "vault",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::host::Host;

    #[test]
    fn it_is_the_one_whose_address_is_used() {
        let of = |variables: &[(&str, &str)]| ClientCommand::of(&Host::fake(variables, SystemTime::UNIX_EPOCH).env);
        assert_eq!(of(&[]), ClientCommand::Bao);
        assert_eq!(of(&[("VAULT_ADDR", "https://v")]), ClientCommand::Vault);
        assert_eq!(of(&[("VAULT_AGENT_ADDR", "http://localhost")]), ClientCommand::Vault);
        assert_eq!(of(&[("VAULT_ADDR", "https://v"), ("BAO_ADDR", "https://b")]), ClientCommand::Bao);
        assert_eq!(of(&[("VAULT_ADDR", "")]), ClientCommand::Bao);
        assert_eq!(of(&[("VAULT_ADDR", "https://v"), ("BAO_ADDR", "")]), ClientCommand::Vault);
    }
}
