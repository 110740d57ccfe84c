//! `token` as it is written.

use std::time::Duration;

use clap::Args;

use super::{NetworkArgs, ReportFormat, TokenPlace, VerbosityArgs, duration};

/// `token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Where the token is.
    #[command(flatten)]
    pub token: TokenPlace,

    /// Check it against the keys that its issuer publishes, and the clocks; exit code 4 when it is bad
    #[arg(long)]
    pub verify: bool,

    /// The form of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,

    /// Bound on --verify, retries included [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Network options")]
    pub timeout: Option<Duration>,

    /// How the network is used.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// How much to say.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}
