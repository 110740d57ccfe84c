//! Checks the options of `setup`.

use super::targets::{Chosen, SharedFile};
use super::{Faults, aws_request, azure_request, source};
use crate::cli::{AllowedJobsArgs, SetupAws, SetupAzure, SetupCommand, SetupFormat, SetupGcp, SetupVault};
use crate::error::Usage;
use crate::google::{Provider, ServiceAccount, UniverseDomain};
use crate::host::Env;
use crate::input::Reader;
use crate::recipe::Recipe;
use crate::shell::posix;
use crate::subject::allowed_jobs::{AllowedJobs, PartialAllowedJobs};
use crate::subject::{Claims, Source};
use crate::{aws, azure, google, vault};

/// Which jobs to allow, and where.
#[derive(Debug)]
pub struct Setup {
    /// The source of the token, which supplies values that the options do not set.
    pub source: Source,
    /// The jobs, as far as the options name them.
    pub allowed: PartialAllowedJobs,
    /// The cloud, and what to create in it.
    pub side: Side,
    /// Settings of the target that the commands of the provider's tool do not contain, one sentence each.
    pub elsewhere: Vec<String>,
    /// Whether the output is JSON.
    pub json: bool,
}

/// The request for each provider.
#[derive(Debug)]
pub enum Side {
    /// An OpenID Connect provider and a role.
    Aws(aws::setup::Request),
    /// A workload identity pool and provider, and a binding.
    Google(google::setup::Request),
    /// A federated credential, and a role assignment.
    Azure(azure::setup::Request),
    /// A JWT auth method, a policy and a role.
    Vault(vault::setup::Request),
}

impl Side {
    /// What to create so that exactly `allowed` is allowed. `claims` are those of the token, if it was read.
    ///
    /// # Errors
    /// If the provider's rules cannot express it.
    pub fn recipe(&self, allowed: &AllowedJobs, claims: Option<&Claims>) -> Result<Recipe, Usage> {
        match self {
            Self::Aws(request) => Ok(request.recipe(allowed, claims)),
            Self::Google(request) => request.recipe(allowed),
            Self::Azure(request) => request.recipe(allowed),
            Self::Vault(request) => Ok(request.recipe(allowed)),
        }
    }
}

/// Checks the options and reads the files.
pub(super) fn new(command: &SetupCommand, env: &Env, reader: &Reader, file: &SharedFile) -> Result<Setup, Faults> {
    let (cloud, args) = command.allowed();
    let target = Chosen::new(&args.target, cloud, env, reader, file)?;
    let side = match command {
        SetupCommand::Aws(args) => aws(args, &target, env).map(Side::Aws),
        SetupCommand::Gcp(args) => google(args, &target).map(Side::Google),
        SetupCommand::Azure(args) => azure(args, &target, env).map(Side::Azure),
        SetupCommand::Vault(args) => vault(args, &target, env).map(Side::Vault),
    };
    Ok(Setup {
        side: side.map_err(|usage| target.at(usage))?,
        elsewhere: elsewhere(cloud, &target),
        source: source(&args.token)?,
        allowed: allowed_jobs(args)?,
        json: args.format == SetupFormat::Json,
    })
}

/// The settings of the provider's tool that its commands do not contain.
fn elsewhere(cloud: &str, target: &Chosen<'_>) -> Vec<String> {
    let key = |command: &str, name| target.or(None, name).filter(|_| cloud == command).map(posix::word);
    let authority = key("azure", "authority-host").filter(|name| name != "AzureCloud");
    let authority = authority.map(|name| format!("the target is in {name}: run `az cloud set --name {name}` first"));
    let address = key("vault", "addr").map(|url| format!("the target's Vault is {url}: set VAULT_ADDR={url} first"));
    let namespace = key("vault", "namespace");
    let namespace = namespace.map(|name| format!("the target is in a namespace: set VAULT_NAMESPACE={name} first"));
    authority.into_iter().chain(address).chain(namespace).collect()
}

fn aws(args: &SetupAws, target: &Chosen<'_>, env: &Env) -> Result<aws::setup::Request, Usage> {
    let role = target.or(args.role_arn.as_deref(), "role-arn");
    let (_, role) = aws_request::role(role, env)?.ok_or_else(|| {
        Usage::new("no role was given: its ARN names the account that needs the provider").hint(
            "name the role to create with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN",
        )
    })?;
    Ok(aws::setup::Request { role, json: args.allowed.format == SetupFormat::Json })
}

fn google(args: &SetupGcp, target: &Chosen<'_>) -> Result<google::setup::Request, Usage> {
    let universe = UniverseDomain::default();
    let provider = target.or(args.provider.as_deref(), "provider");
    let provider = provider.ok_or_else(|| Usage::new("the target has no gcp.provider, which is the one to create"))?;
    let provider = Provider::parse("--provider", provider, &universe)?;
    let account = target.or(args.service_account.as_deref(), "service-account");
    let account = account.map(|email| ServiceAccount::parse("--service-account", email, &universe)).transpose()?;
    google::setup::Request::new(provider, account)
}

fn azure(args: &SetupAzure, target: &Chosen<'_>, env: &Env) -> Result<azure::setup::Request, Usage> {
    use crate::azure::setup::Owner;
    let owner = match (&args.identity, &args.resource_group) {
        (Some(name), Some(group)) => Owner::Identity { name: name.clone(), group: group.clone() },
        _ => Owner::Application(
            azure_request::client(target.or(args.client_id.as_deref(), "client-id"), env)?.ok_or_else(|| {
                Usage::new("neither an application nor a managed identity was named")
                    .hint("name an application with --client-id ID")
                    .hint("or a managed identity, which may not exist yet, with --identity NAME --resource-group NAME")
            })?,
        ),
    };
    let role = args.assign_role.clone().zip(args.on.clone());
    Ok(azure::setup::Request { owner, role })
}

fn vault(args: &SetupVault, target: &Chosen<'_>, env: &Env) -> Result<vault::setup::Request, Usage> {
    use crate::vault::setup::Grant;
    let role = target.or(args.role.as_deref(), "role");
    let role = role.ok_or_else(|| Usage::new("the target has no vault.role, which is the one to create"))?;
    let mut grants = args.secret.iter().map(|text| Grant::parse("--secret", text)).collect::<Result<Vec<_>, _>>()?;
    for secret in target.values("secrets") {
        for selection in vault::secrets_file::selections(secret)? {
            grants.push(Grant::of("vault.secrets", &selection.query)?);
        }
    }
    let mount = target.or(args.mount.as_deref(), "mount");
    vault::setup::Request::new(role, mount, grants, vault::ClientCommand::of(env))
}

fn allowed_jobs(args: &AllowedJobsArgs) -> Result<PartialAllowedJobs, Usage> {
    use crate::subject::allowed_jobs::{Issuer, Organization, Pattern, ProjectId, Refs, Repository};
    let refs = match (&args.branch, &args.tag, args.pull_requests) {
        (Some(branch), ..) => Some(Refs::Branch(Pattern::parse("--branch", branch)?)),
        (None, Some(tag), _) => Some(Refs::Tag(Pattern::parse("--tag", tag)?)),
        (None, None, true) => Some(Refs::PullRequests),
        (None, None, false) => None,
    };
    Ok(PartialAllowedJobs {
        issuer: args.issuer.as_deref().map(|text| Issuer::parse("--issuer", text)).transpose()?,
        organization: args.org.as_deref().map(|text| Organization::parse("--org", text)).transpose()?,
        project: args.project_id.as_deref().map(|text| ProjectId::parse("--project-id", text)).transpose()?,
        repository: args.repo.as_deref().map(|text| Repository::parse("--repo", text)).transpose()?,
        refs,
    })
}
