//! `aws` as it is written.

use clap::Args;

use super::{Shared, duration};

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

    /// What every exchange takes.
    #[command(flatten)]
    pub shared: Shared,
}
