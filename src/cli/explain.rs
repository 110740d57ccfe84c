//! The options of `explain`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{ReportFormat, TargetPlace, TokenPlace, VerbosityArgs, examples};

/// `explain`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ExplainArgs {
    /// Whose rule.
    #[command(subcommand)]
    pub command: ExplainCommand,
}

/// The providers.
#[derive(Debug, Subcommand)]
pub enum ExplainCommand {
    /// Evaluate an AWS role's trust policy
    #[command(after_long_help = examples::EXPLAIN_AWS)]
    Aws(ExplainAws),
    /// Evaluate a Google workload identity provider, and who may act as a service account
    #[command(after_long_help = examples::EXPLAIN_GCP)]
    Gcp(ExplainGcp),
    /// Evaluate the federated credentials of an Azure application or managed identity
    #[command(after_long_help = examples::EXPLAIN_AZURE)]
    Azure(ExplainAzure),
    /// Evaluate a role of Vault's or OpenBao's JWT auth method
    #[command(after_long_help = examples::EXPLAIN_VAULT)]
    Vault(ExplainVault),
}

/// What every `explain` takes.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ExplainShared {
    /// A target whose rule it is.
    #[command(flatten)]
    pub target: TargetPlace,

    /// Where the token is.
    #[command(flatten)]
    pub token: TokenPlace,

    /// A file with the token's claims, from `token --format json`, without a check of the expiry; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["token_env", "token_file"], help_heading = "Token options")]
    pub claims: Option<PathBuf>,

    /// The format of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,

    /// The verbosity.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

impl ExplainShared {
    /// The file with the token, or with its claims, if it is a file.
    #[must_use]
    pub fn subject_file(&self) -> Option<&Path> {
        self.claims.as_deref().or(self.token.token_file.as_deref())
    }
}

impl ExplainCommand {
    /// The name of the cloud's command, and the options that all `explain` commands share.
    #[must_use]
    pub fn shared(&self) -> (&'static str, &ExplainShared) {
        match self {
            Self::Aws(args) => ("aws", &args.shared),
            Self::Gcp(args) => ("gcp", &args.shared),
            Self::Azure(args) => ("azure", &args.shared),
            Self::Vault(args) => ("vault", &args.shared),
        }
    }
}

/// `explain aws`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ExplainAws {
    /// The role's trust policy, as `aws iam get-role` prints it, or only the document; - for standard input
    #[arg(long, value_name = "FILE")]
    pub trust_policy: PathBuf,

    /// The role that it belongs to [variable: AWS_ROLE_ARN]
    #[arg(long, value_name = "ARN", conflicts_with = "target")]
    pub role_arn: Option<String>,

    /// The provider that the account has for the token's issuer [default: by its issuer, in the role's account]
    #[arg(long, value_name = "ARN")]
    pub provider_arn: Option<String>,

    /// What every `explain` takes.
    #[command(flatten)]
    pub shared: ExplainShared,
}

/// `explain gcp`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ExplainGcp {
    /// The provider, as `gcloud iam workload-identity-pools providers describe --format=json` prints it; - for standard
    /// input
    #[arg(long, value_name = "FILE")]
    pub provider_config: PathBuf,

    /// Who may act as the service account, as `gcloud iam service-accounts get-iam-policy --format=json` prints it
    #[arg(long, value_name = "FILE")]
    pub iam_policy: Option<PathBuf>,

    /// What every `explain` takes.
    #[command(flatten)]
    pub shared: ExplainShared,
}

/// `explain azure`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ExplainAzure {
    /// The federated credentials, as `az ad app federated-credential list` or `az identity federated-credential list` prints
    /// them; - for standard input
    #[arg(long, value_name = "FILE")]
    pub credentials: PathBuf,

    /// What every `explain` takes.
    #[command(flatten)]
    pub shared: ExplainShared,
}

/// `explain vault`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ExplainVault {
    /// The role, as `bao read -format=json auth/jwt/role/NAME` prints it; - for standard input
    #[arg(long, value_name = "FILE")]
    pub role_config: PathBuf,

    /// The auth method's configuration, as `bao read -format=json auth/jwt/config` prints it
    #[arg(long, value_name = "FILE")]
    pub mount_config: Option<PathBuf>,

    /// What every `explain` takes.
    #[command(flatten)]
    pub shared: ExplainShared,
}
