//! The options of `use`.

use std::path::PathBuf;

use clap::Args;

use super::format::form;
use super::{Form, Shared, TokenAnswer};

/// `use`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct UseArgs {
    /// The targets, by their names in the file
    #[arg(value_name = "TARGET")]
    pub names: Vec<String>,

    /// The targets file [variable: OIDC_EXCHANGE_TARGETS] [default: oidc-exchange.toml or .semaphore/oidc-exchange.toml,
    /// here or in the root of the git checkout]
    #[arg(long = "targets", value_name = "FILE", help_heading = "Target options")]
    pub targets_file: Option<PathBuf>,

    /// Print the names of the targets, each with its cloud, and send nothing
    #[arg(
        long,
        conflicts_with_all = ["names", "check", "run", "output", "format", "on_error", "print_secrets"],
        help_heading = "Target options"
    )]
    pub list: bool,

    /// Check the file, or only the targets that are named, and send nothing
    #[arg(
        long,
        conflicts_with_all = ["run", "output", "format", "on_error", "print_secrets"],
        help_heading = "Target options"
    )]
    pub check: bool,

    /// Allow only this Vault address in the file; may be repeated [variable: OIDC_EXCHANGE_VAULT_ADDRS]
    /// [default: every https address]
    #[arg(long, value_name = "URL", help_heading = "Target options")]
    pub vault_addr_allowed: Vec<String>,

    /// The address of Google's Security Token Service, for every Google target
    #[arg(long, value_name = "URL", help_heading = "Target options")]
    pub sts_endpoint: Option<String>,

    /// The address of Google's IAM Credentials API, for every Google target
    #[arg(long, value_name = "URL", help_heading = "Target options")]
    pub iamcredentials_endpoint: Option<String>,

    /// The Azure cloud for every Azure target: AzureCloud, AzureUSGovernment, AzureChinaCloud or an address
    #[arg(long, value_name = "URL", help_heading = "Target options")]
    pub authority_host: Option<String>,

    /// The format of the output; kubernetes is for exactly one target
    #[arg(long, value_parser = form::<TokenAnswer>(), value_name = "FORMAT", help_heading = "Output options")]
    pub format: Option<Form<TokenAnswer>>,

    /// What every exchange takes.
    #[command(flatten)]
    pub shared: Shared,
}

impl UseArgs {
    /// Whether a Kubernetes client reads the output.
    #[must_use]
    pub fn is_for_kubernetes(&self) -> bool {
        self.format == Some(Form::Answer(TokenAnswer::Kubernetes))
    }
}
