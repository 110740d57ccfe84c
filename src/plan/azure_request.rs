//! Checks the Azure request.

use super::registries::{self, OPTION, Place};
use super::token_variable::token_variable;
use crate::azure::{self, Authority, ClientId, Scope, SubscriptionId, TenantId};
use crate::cli::{AzureArgs, Form, TokenAnswer};
use crate::cloud::ExecVersion;
use crate::error::Usage;
use crate::host::Env;
use crate::http::CaFile;

/// The timeout of the whole exchange.
pub(super) fn timeout(args: &AzureArgs) -> std::time::Duration {
    super::timeout(&args.shared, is_for_kubernetes(args))
}

/// Checks the options of `azure`. Options that are missing are filled in from the environment.
pub(super) fn new(
    args: &AzureArgs,
    ca_file: Option<&CaFile>,
    env: &Env,
    place: Place,
) -> Result<azure::Request, Usage> {
    super::check_wait(args.wait_for_iam, timeout(args))?;
    let kubernetes = kubernetes(args, env)?;
    let tenant = match (&args.tenant_id, env.first(&["AZURE_TENANT_ID", "ARM_TENANT_ID"])?) {
        (Some(id), _) => TenantId::parse("--tenant-id", id)?,
        (None, Some((variable, id))) => TenantId::parse(variable, &id)?,
        (None, None) => {
            return Err(Usage::new("no tenant was named")
                .hint("name it with --tenant-id ID, or with the variable AZURE_TENANT_ID or ARM_TENANT_ID"));
        }
    };
    let client = client(args.client_id.as_deref(), env)?.ok_or_else(|| {
        Usage::new("no application was named")
            .hint("name it with --client-id ID, or with the variable AZURE_CLIENT_ID or ARM_CLIENT_ID")
            .hint("for a managed identity, use its client ID")
    })?;
    let subscription = match (&args.subscription_id, env.get("ARM_SUBSCRIPTION_ID")?) {
        (Some(id), _) => Some(SubscriptionId::parse("--subscription-id", id)?),
        (None, Some(id)) => Some(SubscriptionId::parse("ARM_SUBSCRIPTION_ID", &id)?),
        (None, None) => None,
    };
    let authority = match (&args.authority_host, env.get("AZURE_AUTHORITY_HOST")?) {
        (Some(text), _) => Authority::parse("--authority-host", text)?,
        (None, Some(text)) => Authority::parse("AZURE_AUTHORITY_HOST", &text)?,
        (None, None) => Authority::default(),
    };
    registries::check_owner(&args.registry, azure::ABOUT.command)?;
    let hosts = azure::RegistryHost::parse_all(OPTION, &args.registry, &authority)?;
    let registries_only = place.is_for_registries_only(&args.registry, &args.shared);
    if registries_only {
        check_registries(args)?;
    }
    let scope = match &args.scope {
        Some(scope) => Scope::parse("--scope", scope)?,
        None if kubernetes.is_some() => azure::kubernetes::scope(),
        None if registries_only => azure::registry::scope(),
        None => authority.resource_manager(),
    };
    let az = if args.az { Some(az(&authority, &scope, subscription.is_some(), env)?) } else { None };
    let variable = |text: &str| token_variable("--access-token-env", text, azure::exports::is_taken);
    Ok(azure::Request {
        subscription,
        scope,
        az,
        authority,
        tenant,
        client,
        access_token_env: args.access_token_env.as_deref().map(variable).transpose()?,
        kubernetes,
        registries: azure::Registries { hosts, options: registries::options(&args.shared, ca_file) },
        registries_only,
        wait_for_iam: args.wait_for_iam,
    })
}

fn is_for_kubernetes(args: &AzureArgs) -> bool {
    args.format == Some(Form::Answer(TokenAnswer::Kubernetes))
}

/// The version of the output for a Kubernetes client.
fn kubernetes(args: &AzureArgs, env: &Env) -> Result<Option<ExecVersion>, Usage> {
    if !is_for_kubernetes(args) {
        return Ok(None);
    }
    let without_effect = [
        ("--access-token-env", args.access_token_env.is_some()),
        ("--subscription-id", args.subscription_id.is_some()),
        ("--az", args.az),
    ];
    match without_effect.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Usage::new(format!(
            "--format kubernetes prints the access token and nothing else: {option} has no effect there"
        ))),
        None => ExecVersion::asked(env).map(Some),
    }
}

/// Refuses options for variables and files if only passwords of registries are requested.
fn check_registries(args: &AzureArgs) -> Result<(), Usage> {
    let without_effect = [
        ("--scope", args.scope.is_some()),
        ("--access-token-env", args.access_token_env.is_some()),
        ("--subscription-id", args.subscription_id.is_some()),
        ("--az", args.az),
    ];
    match without_effect.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Usage::new(format!("{option} has no effect: with {OPTION}, nothing is exported"))
            .hint(format!("run oidc-exchange azure a second time, without {OPTION}"))),
        None => Ok(()),
    }
}

/// The application from the option, or else from a variable; `None` without both.
pub(super) fn client(option: Option<&str>, env: &Env) -> Result<Option<ClientId>, Usage> {
    match (option, env.first(&["AZURE_CLIENT_ID", "ARM_CLIENT_ID"])?) {
        (Some(id), _) => ClientId::parse("--client-id", id).map(Some),
        (None, Some((variable, id))) => ClientId::parse(variable, &id).map(Some),
        (None, None) => Ok(None),
    }
}

/// The settings that the `az` command line needs, as far as they are known.
fn az(authority: &Authority, scope: &Scope, has_subscription: bool, env: &Env) -> Result<azure::Az, Usage> {
    let name_subscription = "name the subscription with --subscription-id";
    if !has_subscription && *scope != authority.resource_manager() {
        return Err(Usage::new("--az lists the subscriptions, which an access token for --scope does not open")
            .hint(name_subscription));
    }
    let cloud = match authority.cloud() {
        Some(name) => name.to_owned(),
        None => env.get("AZURE_CLOUD_NAME")?.ok_or_else(|| {
            Usage::new("az needs the name of the cloud that --authority-host belongs to")
                .hint("register the cloud with `az cloud register`, and put its name into AZURE_CLOUD_NAME")
        })?,
    };
    Ok(azure::Az { cloud })
}
