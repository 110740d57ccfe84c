//! The options of `gcp`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::format::form;
use super::{Form, Shared, TokenAnswer, duration};

/// `gcp`.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[group(skip)]
pub struct GcpArgs {
    /// The full name of the workload identity provider
    ///
    /// projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID
    #[arg(long, value_name = "NAME", help_heading = "Google options")]
    pub provider: String,

    /// The service account to act as; without it, the job uses its own identity
    #[arg(long, value_name = "EMAIL", help_heading = "Google options")]
    pub service_account: Option<String>,

    /// The lifetime of the service account's access tokens, 10m to 12h [default: 1h, by Google]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Google options")]
    pub lifetime: Option<Duration>,

    /// The project for the job's tools [default: the service account's, if the job has set none]
    #[arg(long, value_name = "ID", help_heading = "Google options")]
    pub project: Option<String>,

    /// The path of the credentials file [default: the job's private directory]
    #[arg(long, value_name = "PATH", conflicts_with = "no_credentials_file", help_heading = "Google options")]
    pub credentials_file: Option<PathBuf>,

    /// Write no credentials file: export only tokens
    #[arg(long, help_heading = "Google options")]
    pub no_credentials_file: bool,

    /// Export the access token as GOOGLE_OAUTH_ACCESS_TOKEN; it is not renewed
    #[arg(long, help_heading = "Google options")]
    pub access_token: bool,

    /// Export an ID token of the service account for this audience
    #[arg(long, value_name = "AUDIENCE", help_heading = "Google options")]
    pub id_token_audience: Option<String>,

    /// The variable for the ID token [default: GOOGLE_ID_TOKEN]
    #[arg(long, value_name = "NAME", requires = "id_token_audience", help_heading = "Google options")]
    pub id_token_env: Option<String>,

    /// Include the service account's address in the ID token
    #[arg(long, requires = "id_token_audience", help_heading = "Google options")]
    pub include_email: bool,

    /// A delegate: a service account between the job and --service-account; may be repeated, in order
    #[arg(long, value_name = "EMAIL", help_heading = "Google options")]
    pub delegate: Vec<String>,

    /// A scope of the access token; may be repeated [default: all of Google Cloud]
    #[arg(long, value_name = "URL", help_heading = "Google options")]
    pub scope: Vec<String>,

    /// The domain of a universe other than Google's public one
    #[arg(long, value_name = "DOMAIN", help_heading = "Google options")]
    pub universe_domain: Option<String>,

    /// Retry a refusal for this long (for a provider, binding or API that was created moments ago)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Google options")]
    pub wait_for_iam: Option<Duration>,

    /// The address of Google's Security Token Service, for this exchange and in the file
    #[arg(long, value_name = "URL", help_heading = "Google options")]
    pub sts_endpoint: Option<String>,

    /// The address of the IAM Credentials API, for this exchange and in the file
    #[arg(long, value_name = "URL", help_heading = "Google options")]
    pub iamcredentials_endpoint: Option<String>,

    /// Give docker, podman, buildah and skopeo the password of this Google registry; print nothing; may be repeated
    #[arg(
        long,
        value_name = "HOST",
        conflicts_with_all = ["output", "format", "on_error", "print_secrets"],
        help_heading = "Google options"
    )]
    pub registry: Vec<String>,

    /// Keep gcloud's configuration directory, with the tokens in it
    #[arg(long, help_heading = "Google options")]
    pub keep_gcloud_config: bool,

    /// The format of the output
    #[arg(long, value_parser = form::<TokenAnswer>(), value_name = "FORMAT", help_heading = "Output options")]
    pub format: Option<Form<TokenAnswer>>,

    /// What every exchange takes.
    #[command(flatten)]
    pub shared: Shared,
}
