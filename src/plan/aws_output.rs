//! Checks how the job gets AWS credentials.

use crate::aws::profile::{Files, ProfileName};
use crate::aws::{self, ClusterName, Eks, OutputMode};
use crate::cli::{AwsAnswer, AwsArgs, AwsOutputArgs, Form};
use crate::cloud::ExecVersion;
use crate::error::Usage;
use crate::host::Env;
use crate::http::CaFile;
use crate::shell::Name;

/// Checks which kind of output is requested, and that it supports the rest of `args`.
pub(super) fn new(
    args: &AwsArgs,
    request: &aws::Request,
    ca_file: Option<&CaFile>,
    env: &Env,
) -> Result<OutputMode, Usage> {
    let output = &args.output;
    let process = output.format == Some(Form::Answer(AwsAnswer::Process));
    if process && (output.refreshable || output.env_prefix.is_some()) {
        return Err(Usage::new("--format process prints keys for one tool: neither --refreshable nor --env-prefix")
            .hint("for a profile that renews its credentials, use --profile NAME --refreshable"));
    }
    let kubernetes = kubernetes(output, env)?;
    // clap does not check `requires` if another option on the line forbids the required one.
    if output.overwrite_profile && output.profile.is_none() {
        return Err(Usage::new("--overwrite-profile: no --profile names one"));
    }
    if let Some(name) = &output.profile {
        return Ok(OutputMode::Profile(aws::Profile {
            name: ProfileName::parse(name)?,
            refreshable: output.refreshable,
            overwrite: output.overwrite_profile,
            files: Files::locate(env)?,
            ca_file: ca_file.cloned(),
            allow_http: args.shared.network.allow_http.clone(),
        }));
    }
    if process {
        return Ok(OutputMode::Process);
    }
    if let Some(eks) = kubernetes {
        return Ok(OutputMode::Kubernetes(eks));
    }
    if output.refreshable {
        sdks_can_ask(request)?;
        return Ok(OutputMode::Refreshable);
    }
    let prefix = output.env_prefix.clone().unwrap_or_default();
    match Name::new(&format!("{prefix}AWS")) {
        Some(_) => Ok(OutputMode::Keys { prefix }),
        None => Err(Usage::new(format!("--env-prefix: `{prefix}` cannot begin a variable's name"))
            .hint("use only letters, digits and _, and no digit first, such as STAGING_")),
    }
}

/// Checks what `--format kubernetes` and `--eks-cluster` require together.
fn kubernetes(output: &AwsOutputArgs, env: &Env) -> Result<Option<Eks>, Usage> {
    let cluster = match (output.format, &output.eks_cluster) {
        (Some(Form::Answer(AwsAnswer::Kubernetes)), Some(cluster)) => cluster,
        (Some(Form::Answer(AwsAnswer::Kubernetes)), None) => {
            return Err(
                Usage::new("--format kubernetes: no EKS cluster was named").hint("name it with --eks-cluster NAME")
            );
        }
        (_, Some(_)) => {
            return Err(Usage::new("--eks-cluster is for a Kubernetes client, which reads --format kubernetes")
                .hint("add --format kubernetes, in the kubeconfig's `exec` block"));
        }
        (_, None) => return Ok(None),
    };
    if output.refreshable || output.env_prefix.is_some() {
        return Err(Usage::new(
            "--format kubernetes prints a token for one cluster: neither --refreshable nor --env-prefix",
        ));
    }
    Ok(Some(Eks { cluster: ClusterName::parse("--eks-cluster", cluster)?, version: ExecVersion::asked(env)? }))
}

/// SDKs silently ignore settings that they do not read from variables.
fn sdks_can_ask(request: &aws::Request) -> Result<(), Usage> {
    let asked = [
        (request.policy.is_some(), "--policy"),
        (!request.policy_arns.is_empty(), "--policy-arn"),
        (request.duration.is_some(), "--duration"),
        (!request.chain.is_empty(), "--chain-role-arn"),
    ];
    match asked.iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, option)) => {
            Err(Usage::new(format!("--refreshable: an SDK that renews the credentials would ignore {option}"))
                .hint("a profile can carry it: add --profile NAME, and use it with AWS_PROFILE=NAME"))
        }
    }
}
