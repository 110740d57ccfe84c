//! The options of `token`.

use std::time::Duration;

use clap::Args;

use super::{NetworkArgs, ReportFormat, TokenPlace, VerbosityArgs, duration};

/// `token`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct TokenArgs {
    /// Where the token is.
    #[command(flatten)]
    pub token: TokenPlace,

    /// Check its signature with the issuer's keys, and its times; exit code 4 if it is not valid
    #[arg(long)]
    pub verify: bool,

    /// The format of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,

    /// Timeout of --verify, with retries [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Network options")]
    pub timeout: Option<Duration>,

    /// How the network is used.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// The verbosity.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}
