//! Checks the options of `explain` and reads the rule.

use std::path::Path;

use super::targets::{Chosen, SharedFile};
use super::{Faults, aws_request, azure_request, source};
use crate::cli::{ExplainCommand, ReportFormat};
use crate::document::Document;
use crate::error::Usage;
use crate::explanation::Explanation;
use crate::host::Env;
use crate::input::Reader;
use crate::subject::{Claims, ClaimsFile, Source};
use crate::{aws, azure, google, vault};

/// The claims on which a rule is evaluated.
#[derive(Debug)]
pub enum Subject {
    /// The job's token.
    Token(Source),
    /// A file with the claims, from another machine.
    Claims(ClaimsFile),
}

/// A rule, and the token to evaluate it on.
#[derive(Debug)]
pub struct Explain {
    /// The claims.
    pub subject: Subject,
    /// The rule.
    pub rule: Rule,
    /// Whether the output is JSON.
    pub json: bool,
}

/// The rules of each provider.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a run has one")]
pub enum Rule {
    /// A role's trust policy.
    Aws(aws::trust::Rule),
    /// A workload identity provider, and a service account's bindings.
    Google(google::trust::Rule),
    /// Federated credentials.
    Azure(azure::trust::Rule),
    /// A role of a JWT auth method.
    Vault(vault::trust::Rule),
}

impl Rule {
    /// Whether the rule allows a token with these claims, signed with this algorithm, at `now` (seconds since 1970).
    #[must_use]
    pub fn evaluate(&self, claims: &Claims, algorithm: Option<&str>, now: i64) -> Explanation {
        match self {
            Self::Aws(rule) => rule.evaluate(claims, now),
            Self::Google(rule) => rule.evaluate(claims, now),
            Self::Azure(rule) => rule.evaluate(claims, algorithm, now),
            Self::Vault(rule) => rule.evaluate(claims, algorithm, now),
        }
    }
}

/// The option that makes gcloud print JSON.
const GCLOUD: &str = "gcloud … --format=json";

/// The option that makes az print JSON.
const AZ: &str = "az … --output json";

/// Checks the options and reads the files.
pub(super) fn new(command: &ExplainCommand, env: &Env, reader: &Reader, file: &SharedFile) -> Result<Explain, Faults> {
    let (cloud, shared) = command.shared();
    let target = Chosen::new(&shared.target, cloud, env, reader, file)?;
    let (at, about_key) = (|usage| target.at(usage), |usage| target.at_key(usage));
    let rule = match command {
        ExplainCommand::Aws(args) => {
            let role = target.or(args.role_arn.as_deref(), "role-arn");
            let role = aws_request::role(role, env).map_err(at)?;
            read_once(&[args.shared.subject_file(), Some(&args.trust_policy)])?;
            let policy = aws::trust::document(reader, &args.trust_policy)?;
            let provider = args.provider_arn.as_deref();
            Rule::Aws(aws::trust::Rule::new(&policy, role, provider).map_err(about_key)?)
        }
        ExplainCommand::Gcp(args) => {
            let universe = google::UniverseDomain::default();
            let named = target.or(None, "provider");
            let named = named.map(|name| google::Provider::parse("--provider", name, &universe));
            let named = named.transpose().map_err(at)?;
            read_once(&[args.shared.subject_file(), Some(&args.provider_config), args.iam_policy.as_deref()])?;
            let provider = Document::read(reader, "--provider-config", &args.provider_config, GCLOUD)?
                .or_within_setup(|name| name == "WorkloadIdentityPoolProvider");
            let policy = args.iam_policy.as_deref();
            let policy = policy.map(|path| Document::read(reader, "--iam-policy", path, GCLOUD)).transpose()?;
            Rule::Google(google::trust::Rule::new(&provider, policy.as_ref(), named).map_err(about_key)?)
        }
        ExplainCommand::Azure(args) => {
            let client = target.or(None, "client-id");
            let client = client.map(|id| azure_request::client(Some(id), env)).transpose().map_err(at)?;
            read_once(&[args.shared.subject_file(), Some(&args.credentials)])?;
            let credentials = Document::read(reader, "--credentials", &args.credentials, AZ)?
                .or_within_setup(|name| name == "federatedIdentityCredential");
            Rule::Azure(azure::trust::Rule::new(&credentials, client.flatten())?)
        }
        ExplainCommand::Vault(args) => {
            read_once(&[args.shared.subject_file(), Some(&args.role_config), args.mount_config.as_deref()])?;
            // The option that makes the Vault or OpenBao client print JSON.
            let client = vault::ClientCommand::of(env);
            let place = vault::trust::Place::new(target.or(None, "mount"), target.or(None, "role")).map_err(at)?;
            let json = format!("{client} read -format=json …");
            let role = Document::read(reader, "--role-config", &args.role_config, &json)?
                .or_within_setup(|name| name.contains("/role/"));
            let mount = args.mount_config.as_deref();
            let mount = mount.map(|path| Document::read(reader, "--mount-config", path, &json)).transpose()?;
            let mount = mount.map(|mount| mount.or_within_setup(|name| name.ends_with("/config")));
            Rule::Vault(vault::trust::Rule::new(&role, mount.as_ref(), client, place)?)
        }
    };
    let subject = match &shared.claims {
        Some(path) => Subject::Claims(ClaimsFile::read(reader, path)?),
        None => Subject::Token(source(&shared.token)?),
    };
    Ok(Explain { subject, rule, json: shared.format == ReportFormat::Json })
}

/// Standard input can be read for one file only.
fn read_once(files: &[Option<&Path>]) -> Result<(), Usage> {
    let from_stdin = files.iter().flatten().filter(|path| path.as_os_str() == "-");
    if from_stdin.count() > 1 {
        return Err(Usage::new("standard input is named twice by `-`, and holds one file"));
    }
    Ok(())
}
