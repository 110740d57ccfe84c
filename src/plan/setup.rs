//! What `setup` was asked, checked.

use super::{aws_request, azure_request, source};
use crate::cli::{AllowedJobsArgs, SetupAws, SetupAzure, SetupCommand, SetupFormat, SetupGcp, SetupVault};
use crate::error::Usage;
use crate::google::{Provider, ServiceAccount, UniverseDomain};
use crate::host::Env;
use crate::recipe::Recipe;
use crate::subject::allowed_jobs::{AllowedJobs, PartialAllowedJobs};
use crate::subject::{Claims, Source};
use crate::{aws, azure, google, vault};

/// Which jobs are to be allowed, and where.
#[derive(Debug)]
pub struct Setup {
    /// Where the token is that says what the options do not.
    pub source: Source,
    /// The jobs, as far as the options name them.
    pub allowed: PartialAllowedJobs,
    /// The cloud, and what is to be created in it.
    pub side: Side,
    /// Whether the answer is for a program.
    pub json: bool,
}

/// The closed set of providers.
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
    /// What to create so that `allowed`, and nothing wider, is let in. `claims` are the token's, where it was looked at.
    ///
    /// # Errors
    /// When the provider has no rule that says it.
    pub fn recipe(&self, allowed: &AllowedJobs, claims: Option<&Claims>) -> Result<Recipe, Usage> {
        match self {
            Self::Aws(request) => Ok(request.recipe(allowed, claims)),
            Self::Google(request) => request.recipe(allowed),
            Self::Azure(request) => request.recipe(allowed),
            Self::Vault(request) => Ok(request.recipe(allowed)),
        }
    }
}

/// Checks what was asked.
pub(super) fn new(command: &SetupCommand, env: &Env) -> Result<Setup, Usage> {
    let (side, args) = match command {
        SetupCommand::Aws(args) => (Side::Aws(aws(args, env)?), &args.allowed),
        SetupCommand::Gcp(args) => (Side::Google(google(args)?), &args.allowed),
        SetupCommand::Azure(args) => (Side::Azure(azure(args, env)?), &args.allowed),
        SetupCommand::Vault(args) => (Side::Vault(vault(args, env)?), &args.allowed),
    };
    Ok(Setup {
        source: source(&args.token)?,
        allowed: allowed_jobs(args)?,
        side,
        json: args.format == SetupFormat::Json,
    })
}

fn aws(args: &SetupAws, env: &Env) -> Result<aws::setup::Request, Usage> {
    let (_, role) = aws_request::role(args.role_arn.as_deref(), env)?.ok_or_else(|| {
        Usage::new("no role was given: its ARN names the account that needs the provider").hint(
            "name the role to create with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN",
        )
    })?;
    Ok(aws::setup::Request { role, json: args.allowed.format == SetupFormat::Json })
}

fn google(args: &SetupGcp) -> Result<google::setup::Request, Usage> {
    let universe = UniverseDomain::default();
    let provider = Provider::parse("--provider", &args.provider, &universe)?;
    let account = args.service_account.as_deref();
    let account = account.map(|email| ServiceAccount::parse("--service-account", email, &universe)).transpose()?;
    google::setup::Request::new(provider, account)
}

fn azure(args: &SetupAzure, env: &Env) -> Result<azure::setup::Request, Usage> {
    use crate::azure::setup::Owner;
    let owner = match (&args.identity, &args.resource_group) {
        (Some(name), Some(group)) => Owner::Identity { name: name.clone(), group: group.clone() },
        _ => Owner::Application(azure_request::client(args.client_id.as_deref(), env)?.ok_or_else(|| {
            Usage::new("neither an application nor a managed identity was named")
                .hint("name an application with --client-id ID")
                .hint("or a managed identity, which may not exist yet, with --identity NAME --resource-group NAME")
        })?),
    };
    let role = args.assign_role.clone().zip(args.on.clone());
    Ok(azure::setup::Request { owner, role })
}

fn vault(args: &SetupVault, env: &Env) -> Result<vault::setup::Request, Usage> {
    vault::setup::Request::new(&args.role, args.mount.as_deref(), &args.secret, vault::ClientCommand::of(env))
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
