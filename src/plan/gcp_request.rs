//! Checks the Google request.

use super::registries::{self, OPTION, Place};
use super::token_variable::token_variable;
use crate::cli::{Form, GcpArgs, TokenAnswer};
use crate::cloud::ExecVersion;
use crate::error::Usage;
use crate::google::{self, CredentialsFile, Endpoints, IdToken, Impersonation, ServiceAccount, UniverseDomain};
use crate::host::Env;
use crate::http::CaFile;
use crate::shell::Name;

/// The timeout of the whole exchange.
pub(super) fn timeout(args: &GcpArgs) -> std::time::Duration {
    super::timeout(&args.shared, is_for_kubernetes(args))
}

/// Checks the options of `gcp`.
pub(super) fn new(args: &GcpArgs, ca_file: Option<&CaFile>, env: &Env, place: Place) -> Result<google::Request, Usage> {
    let universe = match &args.universe_domain {
        Some(text) => UniverseDomain::parse("--universe-domain", text)?,
        None => UniverseDomain::default(),
    };
    let provider = google::Provider::parse("--provider", &args.provider, &universe)?;
    let impersonation = impersonation(args, &universe)?;
    let scopes = args.scope.iter().map(|text| google::Scope::parse("--scope", text)).collect::<Result<_, _>>()?;
    registries::check_owner(&args.registry, google::ABOUT.command)?;
    let hosts = google::RegistryHost::parse_all(OPTION, &args.registry, &universe)?;
    let endpoints = Endpoints::new(universe, args.sts_endpoint.as_deref(), args.iamcredentials_endpoint.as_deref())?;
    super::check_wait(args.wait_for_iam, timeout(args))?;
    Ok(google::Request {
        provider,
        impersonation,
        scopes,
        endpoints,
        wait_for_iam: args.wait_for_iam,
        file: file(args, place)?,
        access_token: args.access_token,
        kubernetes: is_for_kubernetes(args).then(|| ExecVersion::asked(env)).transpose()?,
        project: args.project.as_deref().map(project).transpose()?,
        registries: google::Registries { hosts, options: registries::options(&args.shared, ca_file) },
        keep_gcloud_config: args.keep_gcloud_config,
    })
}

fn is_for_kubernetes(args: &GcpArgs) -> bool {
    args.format == Some(Form::Answer(TokenAnswer::Kubernetes))
}

/// Refuses options for variables and files if a Kubernetes client reads the access token.
fn check_kubernetes(args: &GcpArgs) -> Result<(), Usage> {
    let without_effect = [
        ("--credentials-file", args.credentials_file.is_some()),
        ("--no-credentials-file", args.no_credentials_file),
        ("--access-token", args.access_token),
        ("--id-token-audience", args.id_token_audience.is_some()),
        ("--project", args.project.is_some()),
        ("--keep-gcloud-config", args.keep_gcloud_config),
    ];
    match without_effect.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Usage::new(format!(
            "--format kubernetes prints the access token and nothing else: {option} has no effect there"
        ))),
        None => Ok(()),
    }
}

fn impersonation(args: &GcpArgs, universe: &UniverseDomain) -> Result<Option<Impersonation>, Usage> {
    let Some(account) = &args.service_account else {
        let needs_one = [
            ("--lifetime", args.lifetime.is_some()),
            ("--delegate", !args.delegate.is_empty()),
            ("--id-token-audience", args.id_token_audience.is_some()),
        ];
        return match needs_one.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(Usage::new(format!("{option} is for a service account's tokens"))
                .hint("name the account with --service-account")),
            None => Ok(None),
        };
    };
    let delegates = args.delegate.iter().map(|text| ServiceAccount::parse("--delegate", text, universe));
    Ok(Some(Impersonation {
        account: ServiceAccount::parse("--service-account", account, universe)?,
        delegates: delegates.collect::<Result<_, _>>()?,
        lifetime: args.lifetime.map(google::Lifetime::new).transpose()?,
        id_token: args.id_token_audience.as_deref().map(|audience| id_token(args, audience)).transpose()?,
    }))
}

fn id_token(args: &GcpArgs, audience: &str) -> Result<IdToken, Usage> {
    if audience.trim().is_empty() || audience.chars().any(char::is_control) {
        return Err(Usage::new("--id-token-audience: an audience is a text, most often a service's address"));
    }
    let variable = match &args.id_token_env {
        None => Name::fixed(google::exports::ID_TOKEN),
        Some(text) => token_variable("--id-token-env", text, google::exports::is_taken)?,
    };
    Ok(IdToken { audience: audience.to_owned(), variable, include_email: args.include_email })
}

fn file(args: &GcpArgs, place: Place) -> Result<CredentialsFile, Usage> {
    if is_for_kubernetes(args) {
        check_kubernetes(args)?;
        return Ok(CredentialsFile::No);
    }
    if place.is_for_registries_only(&args.registry, &args.shared) {
        let without_effect = [
            ("--access-token", args.access_token),
            ("--id-token-audience", args.id_token_audience.is_some()),
            ("--credentials-file", args.credentials_file.is_some()),
        ];
        return match without_effect.iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                Err(Usage::new(format!("{option} has no effect: with --registry, nothing is exported"))
                    .hint("run oidc-exchange gcp a second time, without --registry"))
            }
            None => Ok(CredentialsFile::No),
        };
    }
    if args.no_credentials_file {
        if !args.access_token && args.id_token_audience.is_none() {
            return Err(Usage::new("--no-credentials-file leaves nothing to return")
                .hint("ask for --access-token or for --id-token-audience, too"));
        }
        return Ok(CredentialsFile::No);
    }
    for (option, given) in [("--delegate", !args.delegate.is_empty()), ("--scope", !args.scope.is_empty())] {
        if given {
            return Err(Usage::new(format!(
                "{option}: the credentials file cannot carry it, and clients would go without"
            ))
            .hint("take the tokens themselves: --no-credentials-file --access-token"));
        }
    }
    Ok(args.credentials_file.clone().map_or(CredentialsFile::Private, CredentialsFile::At))
}

/// Checks a project id. A domain-scoped one has its domain before a colon.
fn project(text: &str) -> Result<String, Usage> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:".contains(&byte);
    if (1..=128).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Usage::new(format!("--project: `{text}` is not a project's id"))
        .hint("an id has lower-case letters, digits and hyphens; gcloud projects list shows them"))
}
