//! The definition of the command line. [`crate::plan`] checks it.
#![allow(clippy::doc_markdown, reason = "these comments are the help texts, where backticks would be shown")]

mod aws;
mod azure;
mod complete;
mod examples;
mod explain;
mod format;
mod gcp;
mod habits;
mod later;
mod man;
mod man_sections;
mod outline;
mod setup;
mod target_place;
mod token;
mod use_targets;
mod vault;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand};

pub use aws::{AwsArgs, AwsOutputArgs, AwsRoleArgs, ChainArgs};
pub use azure::AzureArgs;
pub use complete::{Shell, completions};
pub use explain::{ExplainArgs, ExplainAws, ExplainAzure, ExplainCommand, ExplainGcp, ExplainVault};
pub use format::{AwsAnswer, Form, TokenAnswer, VaultAnswer};
pub use gcp::GcpArgs;
pub use habits::{Place, advise, place, quote_in_one_line};
pub use later::Later;
pub use man::man_page;
pub use setup::{AllowedJobsArgs, SetupArgs, SetupAws, SetupAzure, SetupCommand, SetupFormat, SetupGcp, SetupVault};
pub use target_place::TargetPlace;
pub use token::TokenArgs;
pub use use_targets::UseArgs;
pub use vault::VaultArgs;

use crate::emit::OnError;

/// Trades the job's OpenID Connect token for short-lived cloud credentials.
///
/// In a job: eval "$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)"
#[derive(Debug, Parser)]
#[command(name = "oidc-exchange", version, max_term_width = 99, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Assume an AWS role with the job's token
    ///
    /// Prints shell text that sets AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
    /// AWS_CREDENTIAL_EXPIRATION and AWS_ACCOUNT_ID, and the region if one is given. If there are no
    /// credentials, it prints text that stops the calling shell.
    #[command(after_long_help = examples::AWS)]
    Aws(Later<AwsArgs>),
    /// Act as a Google service account, or as the job's workload identity, with the job's token
    ///
    /// Writes a credentials file, with which gcloud and Google's client libraries renew their tokens. Prints shell
    /// text that sets GOOGLE_APPLICATION_CREDENTIALS, CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE, CLOUDSDK_CONFIG,
    /// BOTO_PATH and the project's variables. If there are no credentials, it prints text that stops the calling
    /// shell.
    #[command(after_long_help = examples::GCP)]
    Gcp(Later<GcpArgs>),
    /// Act as an Azure application or managed identity with the job's token
    ///
    /// Writes the job's token to a private file, from which Azure SDKs and Terraform get access tokens. Prints shell text
    /// that sets AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE, AZURE_TOKEN_CREDENTIALS and Terraform's ARM_*
    /// variables. If there are no credentials, it prints text that stops the calling shell.
    #[command(after_long_help = examples::AZURE)]
    Azure(Later<AzureArgs>),
    /// Log in to HashiCorp Vault or OpenBao with the job's token, and read secrets
    ///
    /// Prints shell text that sets a variable for each secret; without any, VAULT_TOKEN and VAULT_ADDR. If it fails,
    /// it prints text that stops the calling shell.
    #[command(after_long_help = examples::VAULT)]
    Vault(Later<VaultArgs>),
    /// Exchange the token with several clouds at once, for the targets of a file
    ///
    /// The file is oidc-exchange.toml or .semaphore/oidc-exchange.toml. It has a table for each target, whose keys are the
    /// options of aws, gcp, azure or vault. If one of the named targets fails, nothing is exported, and the printed text
    /// stops the calling shell.
    #[command(after_long_help = examples::USE)]
    Use(Later<UseArgs>),
    /// Show the claims of the job's token and what each can be used for, without the token itself
    ///
    /// With --verify, also check it against the keys that its issuer publishes, as a cloud would.
    #[command(after_long_help = examples::TOKEN)]
    Token(Later<TokenArgs>),
    /// Explain, condition by condition, why a trust policy, provider or role accepts or refuses the job's token
    ///
    /// Nothing is sent: the rule is read from a file that the provider's own tool printed. The exit code is 0 if the
    /// token would be accepted, and 4 if not. It is 7 if the token does not show enough to tell.
    #[command(after_long_help = examples::EXPLAIN)]
    Explain(Later<ExplainArgs>),
    /// Print the commands that create the narrowest trust rule for this project's ref
    ///
    /// The values are those of the job's own token, or of options. Nothing is sent.
    #[command(after_long_help = examples::SETUP)]
    Setup(Later<SetupArgs>),
    /// Remove what this job's exchanges left
    ///
    /// Prints shell text that removes the credential variables. Deletes the files that the exchanges made. Revokes the
    /// Vault tokens that they left to the job, with their leases. The variables of Vault's secrets and those that an
    /// option named or prefixed are removed too. If a token could not be revoked, the exit code is 5: run `clean` again.
    /// If the token is not allowed to revoke itself, it is 4. Neither stops the calling shell.
    #[command(after_long_help = examples::CLEAN)]
    Clean(Later<CleanArgs>),
    /// Print the completions of oidc-exchange's command lines for a shell
    #[command(after_long_help = examples::COMPLETIONS)]
    Completions(Later<CompletionsArgs>),
    /// Print the manual page, for man
    #[command(after_long_help = examples::MAN)]
    Man,
}

/// Where the token is.
#[derive(Debug, Args)]
#[group(skip)]
pub struct TokenPlace {
    /// The variable that contains the token [default: SEMAPHORE_OIDC_TOKEN]
    #[arg(long, value_name = "NAME", conflicts_with = "token_file", help_heading = "Token options")]
    pub token_env: Option<String>,

    /// A file that contains the token, - for standard input
    #[arg(long, value_name = "PATH", help_heading = "Token options")]
    pub token_file: Option<PathBuf>,
}

/// The format of what a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// For a person.
    Text,
    /// One JSON object.
    Json,
}

/// How the network is used.
#[derive(Debug, Args)]
#[group(skip)]
pub struct NetworkArgs {
    /// Additional CA certificates to trust, PEM
    #[arg(long, value_name = "PATH", help_heading = "Network options")]
    pub ca_file: Option<PathBuf>,

    /// Allow plain http to this one host besides loopback
    #[arg(long, value_name = "HOST", help_heading = "Network options")]
    pub allow_http: Option<String>,
}

/// What every exchange takes.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Shared {
    /// Where the token is.
    #[command(flatten)]
    pub token: TokenPlace,

    /// Keep the token in COMMAND's environment
    #[arg(long, requires = "run", help_heading = "Token options")]
    pub pass_token: bool,

    /// Write to this file instead, atomically and with mode 0600; - for standard output
    #[arg(long, value_name = "PATH", conflicts_with = "run", help_heading = "Output options")]
    pub output: Option<PathBuf>,

    /// What the shell formats print if there are no credentials
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "run", help_heading = "Output options")]
    pub on_error: Option<OnError>,

    /// Allow credentials on a terminal, and so in the job's log
    #[arg(long, conflicts_with = "run", help_heading = "Output options")]
    pub print_secrets: bool,

    /// Timeout of the whole exchange with its retries, not of COMMAND [default: 2m, 45s for --format process and kubernetes]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Network options")]
    pub timeout: Option<Duration>,

    /// How the network is used.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// The verbosity.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,

    /// Run COMMAND with the credentials in its environment; print nothing
    #[arg(last = true, value_name = "COMMAND", id = "run", conflicts_with = "format")]
    pub run: Vec<OsString>,
}

/// `clean`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct CleanArgs {
    /// The shell that standard output is for
    #[arg(long, value_enum, value_name = "F", default_value_t = CleanFormat::Env)]
    pub format: CleanFormat,

    /// The verbosity.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// How a shell is told to forget variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CleanFormat {
    /// POSIX shells, by `eval "$(…)"`.
    Env,
    /// fish, by `eval (… | string collect)`.
    Fish,
}

/// `completions`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The verbosity of standard error.
#[derive(Debug, Args)]
#[group(skip)]
pub struct VerbosityArgs {
    /// Print more on standard error: once for a line per call and every hint, twice for every decision
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Print only errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// Parses `90s`, `15m`, `1h 30m`. A number without a unit counts seconds, as in the clouds' own tools.
fn duration(text: &str) -> Result<Duration, String> {
    const TOO_LONG: &str = "it is longer than a year";
    /// No clock overflows with this duration.
    const LONGEST: Duration = Duration::from_hours(366 * 24);
    let length = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text).map_err(|error| {
            let too_long = error == humantime::DurationError::NumberOverflow;
            if too_long {
                TOO_LONG
            } else {
                "it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m"
            }
        })?,
    };
    if length > LONGEST { Err(TOO_LONG.into()) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_one_that_a_clock_can_count() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_mins(90)));
        for endless in ["18446744073709551615", "5000000000000y", "367days"] {
            assert!(duration(endless).is_err(), "{endless}");
        }
    }
}
