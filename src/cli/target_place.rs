//! `--target`, which replaces a cloud's own options in `explain` and `setup`.

use std::path::PathBuf;

use clap::Args;

/// A target of a file, in place of options.
#[derive(Debug, Args)]
#[group(skip)]
pub struct TargetPlace {
    /// A target of the targets file, whose keys are used instead of these options
    #[arg(long, value_name = "NAME", help_heading = "Target options")]
    pub target: Option<String>,

    /// The targets file [variable: OIDC_EXCHANGE_TARGETS] [default: oidc-exchange.toml or .semaphore/oidc-exchange.toml,
    /// here or in the root of the git checkout]
    #[arg(long = "targets", value_name = "FILE", requires = "target", help_heading = "Target options")]
    pub targets_file: Option<PathBuf>,
}
