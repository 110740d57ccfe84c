//! `aws` as it is written.

use clap::Args;

use super::format::form;
use super::{AwsAnswer, Form, Shared, duration};

/// `aws`.
#[derive(Debug, Args)]
pub struct AwsArgs {
    /// The role to assume [variable: AWS_ROLE_ARN]
    #[arg(long, value_name = "ARN", help_heading = "AWS options")]
    pub role_arn: Option<String>,

    /// The session's name in CloudTrail [variable: AWS_ROLE_SESSION_NAME] [default: semaphore-job-$SEMAPHORE_JOB_ID]
    #[arg(long, value_name = "NAME", help_heading = "AWS options")]
    pub role_session_name: Option<String>,

    /// The session's length, 15m to 12h [default: 1h, by AWS]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "AWS options")]
    pub duration: Option<std::time::Duration>,

    /// The region for the job's tools, exported, and whose STS is asked [variables: AWS_REGION, AWS_DEFAULT_REGION]
    #[arg(long, value_name = "REGION", help_heading = "AWS options")]
    pub region: Option<String>,

    /// The region whose STS is asked, for this call alone
    #[arg(long, value_name = "REGION", help_heading = "AWS options")]
    pub sts_region: Option<String>,

    /// A policy that narrows the session: JSON, or a file with @ before its name
    #[arg(long, value_name = "JSON|@FILE", help_heading = "AWS options")]
    pub policy: Option<String>,

    /// A managed policy that narrows the session; may be repeated
    #[arg(long, value_name = "ARN", help_heading = "AWS options")]
    pub policy_arn: Vec<String>,

    /// A further role, assumed with the session of the one before; may be repeated. Policy, duration and tags go to
    /// the last
    #[arg(long, value_name = "ARN", help_heading = "Chain options")]
    pub chain_role_arn: Vec<String>,

    /// The external id that a --chain-role-arn asks for: the first for the first, and so on; '' for none
    #[arg(long, value_name = "ID", requires = "chain_role_arn", help_heading = "Chain options")]
    pub external_id: Vec<String>,

    /// Who is behind the chain's sessions, for CloudTrail
    #[arg(long, value_name = "NAME", requires = "chain_role_arn", help_heading = "Chain options")]
    pub source_identity: Option<String>,

    /// A tag of the last session; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "chain_role_arn", help_heading = "Chain options")]
    pub session_tag: Vec<String>,

    /// An account that is meant: for any other nothing is handed out; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "AWS options")]
    pub allowed_account_id: Vec<String>,

    /// Ask AWS whose the credentials are (GetCallerIdentity) before they are handed out
    #[arg(long, help_heading = "AWS options")]
    pub verify: bool,

    /// Take a refusal for IAM being slow to know a new role, and try again this long
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "AWS options")]
    pub wait_for_iam: Option<std::time::Duration>,

    /// Put this before the variables' names, for several roles at once
    #[arg(long, value_name = "PREFIX", help_heading = "Output options")]
    pub env_prefix: Option<String>,

    /// No keys: the token in a private file and the variables with which every SDK renews by itself, for long jobs
    #[arg(long, conflicts_with = "env_prefix", help_heading = "Output options")]
    pub refreshable: bool,

    /// Write a profile into the shared credentials and config files; print nothing
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["run", "output", "format", "on_error", "print_secrets", "env_prefix"],
        help_heading = "Output options"
    )]
    pub profile: Option<String>,

    /// Take over a profile of that name that is not ours
    #[arg(long, help_heading = "Output options")]
    pub overwrite_profile: bool,

    /// The EKS cluster that --format kubernetes prints a token for
    #[arg(long, value_name = "NAME", help_heading = "Output options")]
    pub eks_cluster: Option<String>,

    /// The form of the output
    #[arg(long, value_parser = form::<AwsAnswer>(), value_name = "FORMAT", help_heading = "Output options")]
    pub format: Option<Form<AwsAnswer>>,

    /// What every exchange takes.
    #[command(flatten)]
    pub shared: Shared,
}
