//! The options of `aws`.

use clap::Args;

use super::format::form;
use super::{AwsAnswer, Form, Shared, duration};

/// `aws`.
///
/// Each group of options is a type of its own, because the definition of an option takes two kilobytes of the stack.
#[derive(Debug, Args)]
#[group(skip)]
pub struct AwsArgs {
    /// The role and its session.
    #[command(flatten)]
    pub role: AwsRoleArgs,

    /// The roles after it.
    #[command(flatten)]
    pub chain: ChainArgs,

    /// Fail unless the role is in this account; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "AWS options")]
    pub allowed_account_id: Vec<String>,

    /// Check the new credentials with GetCallerIdentity before they are exported
    #[arg(long, help_heading = "AWS options")]
    pub verify: bool,

    /// Retry a refusal for this long (for a role that was created moments ago)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "AWS options")]
    pub wait_for_iam: Option<std::time::Duration>,

    /// Give docker, podman, buildah and skopeo the password of this Amazon ECR registry; print nothing; may be repeated
    #[arg(
        long,
        value_name = "HOST",
        conflicts_with_all = ["output", "format", "on_error", "print_secrets", "env_prefix", "refreshable", "profile"],
        help_heading = "AWS options"
    )]
    pub registry: Vec<String>,

    /// How the job gets the credentials.
    #[command(flatten)]
    pub output: AwsOutputArgs,

    /// What every exchange takes.
    #[command(flatten)]
    pub shared: Shared,
}

/// The role and its session.
#[derive(Debug, Args)]
#[group(skip)]
pub struct AwsRoleArgs {
    /// The role to assume [variable: AWS_ROLE_ARN]
    #[arg(long, value_name = "ARN", help_heading = "AWS options")]
    pub role_arn: Option<String>,

    /// The session's name in CloudTrail [variable: AWS_ROLE_SESSION_NAME] [default: semaphore-job-$SEMAPHORE_JOB_ID]
    #[arg(long, value_name = "NAME", help_heading = "AWS options")]
    pub role_session_name: Option<String>,

    /// The session's length, 15m to 12h [default: 1h, by AWS]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "AWS options")]
    pub duration: Option<std::time::Duration>,

    /// The region to export, whose STS is used [variables: AWS_REGION, AWS_DEFAULT_REGION]
    #[arg(long, value_name = "REGION", help_heading = "AWS options")]
    pub region: Option<String>,

    /// The region whose STS is used, only for this call
    #[arg(long, value_name = "REGION", help_heading = "AWS options")]
    pub sts_region: Option<String>,

    /// A policy that narrows the session: JSON, or a file with @ before its name
    #[arg(long, value_name = "JSON|@FILE", help_heading = "AWS options")]
    pub policy: Option<String>,

    /// A managed policy that narrows the session; may be repeated
    #[arg(long, value_name = "ARN", help_heading = "AWS options")]
    pub policy_arn: Vec<String>,
}

/// The roles that are assumed after the first.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ChainArgs {
    /// Another role, assumed with the session of the role before; may be repeated. Policy, duration and tags are for
    /// the last role
    #[arg(long, value_name = "ARN", help_heading = "Chain options")]
    pub chain_role_arn: Vec<String>,

    /// The external ID of a --chain-role-arn, in the same order; '' for none
    #[arg(long, value_name = "ID", requires = "chain_role_arn", help_heading = "Chain options")]
    pub external_id: Vec<String>,

    /// The source identity of the chain's sessions, for CloudTrail
    #[arg(long, value_name = "NAME", requires = "chain_role_arn", help_heading = "Chain options")]
    pub source_identity: Option<String>,

    /// A tag of the last session; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "chain_role_arn", help_heading = "Chain options")]
    pub session_tag: Vec<String>,
}

/// How the job gets AWS credentials.
#[derive(Debug, Args)]
#[group(skip)]
pub struct AwsOutputArgs {
    /// A prefix for the variables' names, for several roles at once
    #[arg(long, value_name = "PREFIX", help_heading = "Output options")]
    pub env_prefix: Option<String>,

    /// Export a web identity token file instead of keys, so that SDKs renew the credentials (jobs longer than 1 hour)
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

    /// Overwrite an existing profile with this name
    #[arg(long, help_heading = "Output options")]
    pub overwrite_profile: bool,

    /// The EKS cluster that --format kubernetes prints a token for
    #[arg(long, value_name = "NAME", help_heading = "Output options")]
    pub eks_cluster: Option<String>,

    /// The format of the output
    #[arg(long, value_parser = form::<AwsAnswer>(), value_name = "FORMAT", help_heading = "Output options")]
    pub format: Option<Form<AwsAnswer>>,
}
