//! Turns a target into its cloud's request: the parser of the command line reads the keys as options.

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Command};

use super::file::{Target as Written, TargetsFile};
use super::keys::Takes;
use crate::aws::OutputMode;
use crate::cli::{AwsAnswer, AwsArgs, AzureArgs, Form, GcpArgs, Shared, TokenAnswer, UseArgs, VaultArgs};
use crate::error::Usage;
use crate::host::Env;
use crate::http::CaFile;
use crate::input::Reader;
use crate::plan::registries::Place;
use crate::plan::{SecretsFile, Target, aws_output, aws_request, azure_request, gcp_request, vault_request};

/// Inputs that all targets share.
pub(super) struct Common<'c> {
    pub(super) args: &'c UseArgs,
    pub(super) ca_file: Option<&'c CaFile>,
    pub(super) env: &'c Env,
    pub(super) reader: &'c Reader,
}

impl Common<'_> {
    /// The request of `target`. Options of `use` override the target. Variables fill in what the target does not set.
    ///
    /// # Errors
    /// If a value is invalid; with its position.
    pub(super) fn request(&self, file: &TargetsFile, target: &Written) -> Result<Target, Usage> {
        self.read(target).map_err(|usage| file.at(target, usage))
    }

    fn read(&self, target: &Written) -> Result<Target, Usage> {
        let Self { args, ca_file, env, reader } = *self;
        let kubernetes = self.is_for_kubernetes(target)?;
        match target.cloud {
            "aws" => {
                let mut own: AwsArgs = parsed(target)?;
                self.share(&mut own.shared);
                own.output.format = kubernetes.then_some(Form::Answer(AwsAnswer::Kubernetes));
                let request = aws_request::new(&own, ca_file, env, reader)?;
                let mode = aws_output::new(&own, &request, ca_file, env)?;
                if matches!(mode, OutputMode::Profile(_)) && !args.shared.run.is_empty() {
                    return Err(Usage::new("--profile: a profile is not for one COMMAND")
                        .hint("leave out `-- COMMAND`, or give the target an env-prefix in place of the profile"));
                }
                Ok(Target::Aws(request, mode))
            }
            "gcp" => {
                let mut own: GcpArgs = parsed(target)?;
                self.share(&mut own.shared);
                own.format = kubernetes.then_some(Form::Answer(TokenAnswer::Kubernetes));
                own.sts_endpoint.clone_from(&args.sts_endpoint);
                own.iamcredentials_endpoint.clone_from(&args.iamcredentials_endpoint);
                gcp_request::new(&own, ca_file, env, Place::TargetsFile).map(Target::Google)
            }
            "azure" => {
                let mut own: AzureArgs = parsed(target)?;
                self.share(&mut own.shared);
                own.format = kubernetes.then_some(Form::Answer(TokenAnswer::Kubernetes));
                own.authority_host = args.authority_host.clone().or(own.authority_host);
                azure_request::new(&own, ca_file, env, Place::TargetsFile).map(Target::Azure)
            }
            _ => {
                let mut own: VaultArgs = parsed(target)?;
                self.share(&mut own.shared);
                let request = vault_request::new(&own, ca_file, env, reader, &SecretsFile::default())?;
                Ok(Target::Vault(request))
            }
        }
    }

    /// Whether a Kubernetes client reads the target's token. `--check` assumes so for a target with a cluster.
    ///
    /// # Errors
    /// If the target has a key for another use.
    fn is_for_kubernetes(&self, target: &Written) -> Result<bool, Usage> {
        let asked = self.args.is_for_kubernetes();
        if asked && target.cloud == "vault" {
            return Err(Usage::new("--format kubernetes is for a target of aws, gcp or azure"));
        }
        let has = |key: &str| target.settings.iter().any(|setting| setting.key.name == key);
        let kubernetes = asked || self.args.check && has("eks-cluster");
        match ["registry", "profile"].into_iter().find(|key| kubernetes && has(key)) {
            Some(key) => Err(Usage::new(format!(
                "--format kubernetes prints a token and nothing else: --{key} has no effect there"
            ))
            .hint("make a target of its own for the cluster")),
            None => Ok(kubernetes),
        }
    }

    /// Applies the options of `use`, which are for all targets.
    fn share(&self, shared: &mut Shared) {
        shared.timeout = self.args.shared.timeout;
        shared.run.clone_from(&self.args.shared.run);
        shared.pass_token = self.args.shared.pass_token;
        shared.network.allow_http.clone_from(&self.args.shared.network.allow_http);
    }
}

const REGISTRY: &str = "registry";

fn parsed<T: Args>(target: &Written) -> Result<T, Usage> {
    let mut words = vec![target.cloud.to_owned()];
    let mut others = Vec::new();
    for setting in &target.settings {
        let name = &setting.key.name;
        for value in &setting.values {
            match (setting.key.is_for_words, setting.key.takes) {
                (true, _) => others.push(value.clone()),
                (false, Takes::Flag) => words.push(format!("--{name}")),
                (false, Takes::Text | Takes::List) => words.push(format!("--{name}={value}")),
            }
        }
    }
    words.extend(others);
    let mut command = T::augment_args(Command::new(target.cloud).disable_help_flag(true));
    if target.settings.iter().any(|setting| setting.key.name == REGISTRY) {
        // On a command line, `--registry` exports no variables. In a target it does not change what is exported.
        command = command.mut_arg(REGISTRY, |option| option.conflicts_with(Resettable::Reset));
    }
    let mut found = command.try_get_matches_from(words).map_err(|error| usage(target.cloud, &error))?;
    T::from_arg_matches_mut(&mut found).map_err(|error| usage(target.cloud, &error))
}

/// The message of the command-line parser in one line, without its usage text.
fn usage(cloud: &str, error: &clap::Error) -> Usage {
    if let (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    {
        // Each is like `--role-arn <ARN>`.
        let option = |text: &String| text.split(' ').next().map(|option| option.trim_start_matches('-').to_owned());
        let keys: Vec<String> = missing.iter().filter_map(option).map(|key| format!("{cloud}.{key}")).collect();
        return Usage::new(format!("{} is missing, and another key needs it", keys.join(" and ")));
    }
    let text = error.render().to_string();
    let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let line = lines.collect::<Vec<_>>().join(" ");
    Usage::new(line.strip_prefix("error: ").unwrap_or(&line))
}
