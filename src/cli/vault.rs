//! The options of `vault`.

use std::path::PathBuf;

use clap::Args;

use super::format::form;
use super::{Form, Shared, VaultAnswer};

/// `vault`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct VaultArgs {
    /// The server's address [variables: BAO_ADDR, VAULT_ADDR]
    #[arg(long, value_name = "URL", help_heading = "Vault options")]
    pub addr: Option<String>,

    /// The role to log in to [default: the mount's default role]
    #[arg(long, value_name = "NAME", help_heading = "Vault options")]
    pub role: Option<String>,

    /// The mount of the JWT auth method, without auth/
    #[arg(long, value_name = "PATH", default_value = "jwt", help_heading = "Vault options")]
    pub mount: String,

    /// The namespace [variables: BAO_NAMESPACE, VAULT_NAMESPACE]
    #[arg(long, value_name = "NAMESPACE", help_heading = "Vault options")]
    pub namespace: Option<String>,

    /// A file with a secret to read on each line; # starts a comment
    #[arg(long, value_name = "PATH", help_heading = "Vault options")]
    pub secrets_file: Option<PathBuf>,

    /// Export the client token as VAULT_TOKEN too [default: if no secret is named]
    #[arg(long, help_heading = "Vault options")]
    pub export_token: bool,

    /// Do not revoke the client token at the end
    #[arg(long, help_heading = "Vault options")]
    pub no_revoke: bool,

    /// The secrets to read: NAME=path#field, NAME=path, PREFIX_=path#*, NAME=POST:path{"a":"b"}#field
    #[arg(value_name = "SECRET")]
    pub secrets: Vec<String>,

    /// The format of the output
    #[arg(long, value_parser = form::<VaultAnswer>(), value_name = "FORMAT", help_heading = "Output options")]
    pub format: Option<Form<VaultAnswer>>,

    /// What every exchange takes.
    #[command(flatten)]
    pub shared: Shared,
}
