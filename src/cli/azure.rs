//! The options of `azure`.

use std::time::Duration;

use clap::Args;

use super::format::form;
use super::{Form, Shared, TokenAnswer, duration};

/// `azure`.
#[derive(Debug, Args)]
#[group(skip)]
pub struct AzureArgs {
    /// The tenant of the application or managed identity [variables: AZURE_TENANT_ID, ARM_TENANT_ID]
    #[arg(long, value_name = "ID", help_heading = "Azure options")]
    pub tenant_id: Option<String>,

    /// The client ID of the application or managed identity [variables: AZURE_CLIENT_ID, ARM_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = "Azure options")]
    pub client_id: Option<String>,

    /// The subscription for Terraform [variable: ARM_SUBSCRIPTION_ID]
    #[arg(long, value_name = "ID", help_heading = "Azure options")]
    pub subscription_id: Option<String>,

    /// The cloud: AzureCloud, AzureUSGovernment, AzureChinaCloud or an address [variable: AZURE_AUTHORITY_HOST]
    #[arg(long, value_name = "URL", help_heading = "Azure options")]
    pub authority_host: Option<String>,

    /// The scope of the access token: RESOURCE/.default [default: Azure Resource Manager; AKS for --format kubernetes]
    #[arg(long, value_name = "SCOPE", help_heading = "Azure options")]
    pub scope: Option<String>,

    /// Export the access token in this variable; it is not renewed
    #[arg(long, value_name = "NAME", help_heading = "Azure options")]
    pub access_token_env: Option<String>,

    /// Log in the Azure CLI too, in a private directory with the file formats of az 2.91
    #[arg(long, help_heading = "Azure options")]
    pub az: bool,

    /// Give docker, podman, buildah and skopeo the password of this Azure registry; print nothing; may be repeated
    #[arg(
        long,
        value_name = "HOST",
        conflicts_with_all = ["output", "format", "on_error", "print_secrets"],
        help_heading = "Azure options"
    )]
    pub registry: Vec<String>,

    /// Retry a refusal for this long (for a federated credential that was created moments ago)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Azure options")]
    pub wait_for_iam: Option<Duration>,

    /// The format of the output
    #[arg(long, value_parser = form::<TokenAnswer>(), value_name = "FORMAT", help_heading = "Output options")]
    pub format: Option<Form<TokenAnswer>>,

    /// What every exchange takes.
    #[command(flatten)]
    pub shared: Shared,
}
