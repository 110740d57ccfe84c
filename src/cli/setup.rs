//! `setup` as it is written.

use clap::{Args, Subcommand, ValueEnum};

use super::{TokenPlace, VerbosityArgs};

/// `setup`.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// On whose side.
    #[command(subcommand)]
    pub command: SetupCommand,
}

/// The providers.
#[derive(Debug, Subcommand)]
pub enum SetupCommand {
    /// An OpenID Connect provider and a role of AWS IAM
    Aws(SetupAws),
    /// A workload identity pool and provider of Google Cloud, and who may act as a service account
    Gcp(SetupGcp),
    /// A federated credential of an Azure application or managed identity, and a role assignment
    Azure(SetupAzure),
    /// A JWT auth method, a policy and a role of Vault or OpenBao
    Vault(SetupVault),
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
pub struct AllowedJobsArgs {
    /// The organization's address, https://ORG.semaphoreci.com
    #[arg(long, value_name = "URL", help_heading = "Which jobs to allow [default: what the job's token says]")]
    pub issuer: Option<String>,

    /// The organization's name [default: the first label of its address]
    #[arg(long, value_name = "NAME", help_heading = "Which jobs to allow [default: what the job's token says]")]
    pub org: Option<String>,

    /// The project's id
    #[arg(long, value_name = "UUID", help_heading = "Which jobs to allow [default: what the job's token says]")]
    pub project_id: Option<String>,

    /// The repository's name, without its owner
    #[arg(long, value_name = "NAME", help_heading = "Which jobs to allow [default: what the job's token says]")]
    pub repo: Option<String>,

    /// A branch; * stands for anything
    #[arg(long, value_name = "NAME", conflicts_with_all = ["tag", "pull_requests"], help_heading = "Which jobs to allow [default: what the job's token says]")]
    pub branch: Option<String>,

    /// A tag; * stands for anything
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "pull_requests",
        help_heading = "Which jobs to allow [default: what the job's token says]"
    )]
    pub tag: Option<String>,

    /// Pull requests, those from forks among them
    #[arg(long, help_heading = "Which jobs to allow [default: what the job's token says]")]
    pub pull_requests: bool,

    /// Where the token is.
    #[command(flatten)]
    pub token: TokenPlace,

    /// The form of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "cli")]
    pub format: SetupFormat,

    /// How much to say.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// `setup aws`.
#[derive(Debug, Args)]
pub struct SetupAws {
    /// The role's ARN, to be [variable: AWS_ROLE_ARN]
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}

/// `setup gcp`.
#[derive(Debug, Args)]
pub struct SetupGcp {
    /// The workload identity provider's whole name, to be
    ///
    /// projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID
    #[arg(long, value_name = "NAME")]
    pub provider: String,

    /// The service account that jobs may act as
    #[arg(long, value_name = "EMAIL")]
    pub service_account: Option<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}

/// `setup azure`.
#[derive(Debug, Args)]
pub struct SetupAzure {
    /// The client ID of an application that exists [variables: AZURE_CLIENT_ID, ARM_CLIENT_ID]
    #[arg(long, value_name = "ID", conflicts_with = "identity")]
    pub client_id: Option<String>,

    /// A user-assigned managed identity in its place; it is created if it does not exist
    #[arg(long, value_name = "NAME", requires = "resource_group")]
    pub identity: Option<String>,

    /// The resource group of the managed identity
    #[arg(long, value_name = "NAME", requires = "identity")]
    pub resource_group: Option<String>,

    /// A role to assign, Reader for example
    #[arg(long, value_name = "ROLE", requires = "on")]
    pub assign_role: Option<String>,

    /// On what the role is assigned: /subscriptions/ID, or anything below it
    #[arg(long, value_name = "SCOPE", requires = "assign_role")]
    pub on: Option<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}

/// `setup vault`.
#[derive(Debug, Args)]
pub struct SetupVault {
    /// The role's name, to be
    #[arg(long, value_name = "NAME")]
    pub role: String,

    /// The auth method's mount [default: jwt]
    #[arg(long, value_name = "PATH")]
    pub mount: Option<String>,

    /// A secret that jobs may read, as `vault` takes its path; may be repeated
    #[arg(long, value_name = "PATH")]
    pub secret: Vec<String>,

    /// Which jobs are to be allowed.
    #[command(flatten)]
    pub allowed: AllowedJobsArgs,
}
