//! Checks the AWS request.

use super::registries::{self, OPTION};
use crate::aws;
use crate::cli::{AwsAnswer, AwsArgs, ChainArgs, Form};
use crate::error::Usage;
use crate::host::Env;
use crate::http::CaFile;
use crate::input::Reader;

/// The timeout of the whole exchange.
pub(super) fn timeout(args: &AwsArgs) -> std::time::Duration {
    super::timeout(
        &args.shared,
        matches!(args.output.format, Some(Form::Answer(AwsAnswer::Process | AwsAnswer::Kubernetes))),
    )
}

/// Checks the options of `aws`. Options that are missing are filled in from the environment.
pub(super) fn new(args: &AwsArgs, ca_file: Option<&CaFile>, env: &Env, reader: &Reader) -> Result<aws::Request, Usage> {
    super::check_wait(args.wait_for_iam, timeout(args))?;
    let (_, role) = role(args.role.role_arn.as_deref(), env)?.ok_or_else(|| {
        Usage::new("no role was given")
            .hint("name it with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN")
    })?;
    let session_name = match (&args.role.role_session_name, env.get("AWS_ROLE_SESSION_NAME")?) {
        (Some(name), _) => aws::SessionName::parse("--role-session-name", name)?,
        (None, Some(name)) => aws::SessionName::parse("AWS_ROLE_SESSION_NAME", &name)?,
        (None, None) => aws::SessionName::of_job(env)?,
    };
    let region = match (&args.role.region, env.first(&["AWS_REGION", "AWS_DEFAULT_REGION"])?) {
        (Some(region), _) => Some(aws::Region::parse("--region", region)?),
        (None, Some((variable, region))) => Some(aws::Region::parse(variable, &region)?),
        (None, None) => None,
    };
    let sts_region = match (&args.role.sts_region, &region) {
        (Some(region), _) => aws::Region::parse("--sts-region", region)?,
        (None, Some(region)) => region.clone(),
        (None, None) => aws::Region::of_partition(role.partition())?,
    };
    check_endpoint(env)?;
    let chain = chain(&args.chain, &role)?;
    let last = chain.last().map_or(&role, |hop| &hop.role);
    let policy = args.role.policy.as_deref().map(|value| aws::SessionPolicy::from_option(reader, value)).transpose()?;
    let policy_arns = args
        .role
        .policy_arn
        .iter()
        .map(|arn| aws::PolicyArn::parse("--policy-arn", arn, last))
        .collect::<Result<Vec<_>, _>>()?;
    check_sizes(policy.as_ref(), &policy_arns)?;
    let registries = registries(args, last, ca_file)?;
    let duration = args.role.duration.map(aws::Duration::new).transpose()?;
    if !chain.is_empty() && args.role.duration.is_some_and(|duration| duration > aws::chain::LONGEST_SESSION) {
        return Err(Usage::new("--duration: with --chain-role-arn a session lasts an hour at most")
            .hint("AWS caps sessions of chained roles, even if the role's own maximum is longer")
            .hint("for a longer job, write a profile that renews: --profile NAME --refreshable"));
    }
    let guard = aws::Guard {
        allowed: args
            .allowed_account_id
            .iter()
            .map(|id| aws::AccountId::parse("--allowed-account-id", id))
            .collect::<Result<_, _>>()?,
        verify: args.verify,
    };
    Ok(aws::Request {
        role,
        session_name,
        duration,
        region,
        sts_region,
        policy,
        policy_arns,
        chain,
        source_identity: args.chain.source_identity.as_deref().map(aws::SourceIdentity::parse).transpose()?,
        tags: aws::SessionTag::parse_all(&args.chain.session_tag)?,
        guard,
        registries,
        wait_for_iam: args.wait_for_iam,
    })
}

/// The registries without duplicates. All must be in the partition of the session.
fn registries(args: &AwsArgs, role: &aws::RoleArn, ca_file: Option<&CaFile>) -> Result<aws::Registries, Usage> {
    registries::check_owner(&args.registry, aws::ABOUT.command)?;
    let mut hosts: Vec<aws::registry::EcrHost> = Vec::new();
    for text in &args.registry {
        let registry = aws::registry::EcrHost::parse(OPTION, text)?;
        let (partition, own) = (registry.partition(), role.partition());
        if partition != own {
            return Err(Usage::new(format!(
                "{OPTION}: `{text}` is in the partition {partition}, and the role is in {own}"
            ))
            .hint("no session reaches from one partition into another: name a role of the registry's partition"));
        }
        if !hosts.contains(&registry) {
            hosts.push(registry);
        }
    }
    Ok(aws::Registries { hosts, options: registries::options(&args.shared, ca_file) })
}

/// The roles of the chain after the first, each with its external id.
fn chain(args: &ChainArgs, first: &aws::RoleArn) -> Result<Vec<aws::Hop>, Usage> {
    if args.external_id.len() > args.chain_role_arn.len() {
        return Err(Usage::new("--external-id: there are more of them than --chain-role-arn"));
    }
    let mut ids = args.external_id.iter();
    let hop = |arn: &String| {
        let role = aws::RoleArn::parse("--chain-role-arn", arn)?;
        if role.partition() != first.partition() {
            return Err(Usage::new(format!("--chain-role-arn: `{arn}` is in another partition than the first role"))
                .hint("no session reaches from one partition into another"));
        }
        let id = ids.next().filter(|id| !id.is_empty());
        Ok(aws::Hop { role, external_id: id.map(|id| aws::ExternalId::parse(id)).transpose()? })
    };
    args.chain_role_arn.iter().map(hop).collect()
}

/// The role from the option, or else from the variable, and the name of that option or variable; `None` without both.
pub(super) fn role(option: Option<&str>, env: &Env) -> Result<Option<(&'static str, aws::RoleArn)>, Usage> {
    Ok(match (option, env.get("AWS_ROLE_ARN")?) {
        (Some(arn), _) => Some(("--role-arn", aws::RoleArn::parse("--role-arn", arn)?)),
        (None, Some(arn)) => Some(("AWS_ROLE_ARN", aws::RoleArn::parse("AWS_ROLE_ARN", &arn)?)),
        (None, None) => None,
    })
}

/// The SDK reads the endpoint itself. This check reports an invalid one before anything is sent.
fn check_endpoint(env: &Env) -> Result<(), Usage> {
    for variable in ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"] {
        let Some(address) = env.get(variable)? else { continue };
        aws::endpoint::check(variable, &address)?;
    }
    Ok(())
}

fn check_sizes(policy: Option<&aws::SessionPolicy>, arns: &[aws::PolicyArn]) -> Result<(), Usage> {
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
    const MOST_ARNS: usize = 10;
    if arns.len() > MOST_ARNS {
        return Err(Usage::new(format!("--policy-arn: {} were given; STS accepts at most {MOST_ARNS}", arns.len())));
    }
    let inline = policy.map_or(0, |policy| policy.as_str().chars().count());
    let together = inline + arns.iter().map(|arn| arn.as_str().len()).sum::<usize>();
    if together > aws::policy::LONGEST {
        return Err(Usage::new(format!(
            "--policy and --policy-arn: {together} characters together; STS accepts at most {}",
            aws::policy::LONGEST
        )));
    }
    Ok(())
}
