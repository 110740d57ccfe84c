//! The options of `setup`.

use clap::{Args, Subcommand, ValueEnum};

use super::{TargetPlace, TokenPlace, VerbosityArgs, examples};

/// `setup`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct SetupArgs {
    /// On whose side.
    #[command(subcommand)]
    pub command: SetupCommand,
}

/// The providers.
#[derive(Debug, Subcommand)]
pub enum SetupCommand {
    /// Create an OpenID Connect provider and a role of AWS IAM
    #[command(after_long_help = examples::SETUP_AWS)]
    Aws(SetupAws),
    /// Create a workload identity pool and provider of Google Cloud, and a service account's binding
    #[command(after_long_help = examples::SETUP_GCP)]
    Gcp(SetupGcp),
    /// Create a federated credential of an Azure application or managed identity, and a role assignment
    #[command(after_long_help = examples::SETUP_AZURE)]
    Azure(SetupAzure),
    /// Create a JWT auth method, a policy and a role of Vault or OpenBao
    #[command(after_long_help = examples::SETUP_VAULT)]
    Vault(SetupVault),
}

impl SetupCommand {
    /// The name of the cloud's command, and the jobs to allow.
    #[must_use]
    pub fn allowed(&self) -> (&'static str, &AllowedJobsArgs) {
        match self {
            Self::Aws(args) => ("aws", &args.allowed),
            Self::Gcp(args) => ("gcp", &args.allowed),
            Self::Azure(args) => ("azure", &args.allowed),
            Self::Vault(args) => ("vault", &args.allowed),
        }
    }
}

/// The form of what `setup` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SetupFormat {
    /// Commands of the provider's own tool.
    Cli,
    /// One JSON object with the same as the provider's API takes it.
    Json,
}

/// The jobs to allow; what is not given is taken from the job's token.
#[derive(Debug, Args)]
#[group(skip)]
pub struct AllowedJobsArgs {
    /// The organization's address, https://ORG.semaphoreci.com
    #[arg(long, value_name = "URL", help_heading = "Which jobs to allow [default: the values of the job's token]")]
    pub issuer: Option<String>,

    /// The organization's name [default: the first label of its address]
    #[arg(long, value_name = "NAME", help_heading = "Which jobs to allow [default: the values of the job's token]")]
    pub org: Option<String>,

    /// The project's id
    #[arg(long, value_name = "UUID", help_heading = "Which jobs to allow [default: the values of the job's token]")]
    pub project_id: Option<String>,

    /// The repository's name, without its owner
    #[arg(long, value_name = "NAME", help_heading = "Which jobs to allow [default: the values of the job's token]")]
    pub repo: Option<String>,

    /// A branch; * matches any text
    #[arg(long, value_name = "NAME", conflicts_with_all = ["tag", "pull_requests"], help_heading = "Which jobs to allow [default: the values of the job's token]")]
    pub branch: Option<String>,

    /// A tag; * matches any text
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "pull_requests",
        help_heading = "Which jobs to allow [default: the values of the job's token]"
    )]
    pub tag: Option<String>,

    /// Pull requests, including those from forks
    #[arg(long, help_heading = "Which jobs to allow [default: the values of the job's token]")]
    pub pull_requests: bool,

    /// A target that the jobs are to reach.
    #[command(flatten)]
    pub target: TargetPlace,

    /// Where the token is.
    #[command(flatten)]
    pub token: TokenPlace,

    /// The format of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "cli")]
    pub format: SetupFormat,

    /// The verbosity.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// `setup aws`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct SetupAws {
    /// The ARN of the role to create [variable: AWS_ROLE_ARN]
    #[arg(long, value_name = "ARN", conflicts_with = "target")]
    pub role_arn: Option<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}

/// `setup gcp`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct SetupGcp {
    /// The full name of the workload identity provider to create
    ///
    /// projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID
    #[arg(long, value_name = "NAME", required_unless_present = "target", conflicts_with = "target")]
    pub provider: Option<String>,

    /// The service account that jobs may act as
    #[arg(long, value_name = "EMAIL", conflicts_with = "target")]
    pub service_account: Option<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}

/// `setup azure`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct SetupAzure {
    /// The client ID of an application that exists [variables: AZURE_CLIENT_ID, ARM_CLIENT_ID]
    #[arg(long, value_name = "ID", conflicts_with_all = ["identity", "target"])]
    pub client_id: Option<String>,

    /// A user-assigned managed identity instead; it is created if it does not exist
    #[arg(long, value_name = "NAME", requires = "resource_group", conflicts_with = "target")]
    pub identity: Option<String>,

    /// The resource group of the managed identity
    #[arg(long, value_name = "NAME", requires = "identity")]
    pub resource_group: Option<String>,

    /// A role to assign, for example Reader
    #[arg(long, value_name = "ROLE", requires = "on")]
    pub assign_role: Option<String>,

    /// The scope of the role: /subscriptions/ID, or anything below it
    #[arg(long, value_name = "SCOPE", requires = "assign_role")]
    pub on: Option<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}

/// `setup vault`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct SetupVault {
    /// The name of the role to create
    #[arg(long, value_name = "NAME", required_unless_present = "target", conflicts_with = "target")]
    pub role: Option<String>,

    /// The auth method's mount [default: jwt]
    #[arg(long, value_name = "PATH", conflicts_with = "target")]
    pub mount: Option<String>,

    /// The path of a secret that jobs may read, as in `vault`; may be repeated
    #[arg(long, value_name = "PATH", conflicts_with = "target")]
    pub secret: Vec<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}
