//! Checks the Vault request.

use std::collections::HashSet;

use super::SecretsFile;
use crate::cli::{Form, VaultAnswer, VaultArgs};
use crate::error::Usage;
use crate::host::Env;
use crate::http::CaFile;
use crate::input::Reader;
use crate::vault::path::Path;
use crate::vault::selection::{Selection, Target};
use crate::vault::{self, settings};

/// Checks the options of `vault`. Options that are missing are filled in from the environment.
pub(super) fn new(
    args: &VaultArgs,
    ca_file: Option<&CaFile>,
    env: &Env,
    reader: &Reader,
    secrets_file: &SecretsFile,
) -> Result<vault::Request, Usage> {
    let mut selections = Vec::new();
    if let Some(path) = &args.secrets_file {
        selections.extend(vault::secrets_file::lines(secrets_file.read(reader, path)?)?);
    }
    for secret in &args.secrets {
        selections.extend(vault::secrets_file::selections(secret)?);
    }
    let export_token = args.export_token || selections.is_empty();
    check_names(&selections, export_token)?;
    let raw = args.format == Some(Form::Answer(VaultAnswer::Raw));
    if raw && (export_token || !matches!(&selections[..], [Selection { target: Target::Variable(_), .. }])) {
        return Err(Usage::new("--format raw is for exactly one secret's value"));
    }
    Ok(vault::Request {
        address: settings::address(args.addr.as_deref(), env)?,
        named_address: args.addr.clone(),
        client: vault::ClientCommand::of(env),
        namespace: settings::namespace(args.namespace.as_deref(), env)?,
        mount: Path::parse_mount(&args.mount)?,
        role: args.role.as_deref().map(role).transpose()?,
        selections,
        export_token,
        no_revoke: args.no_revoke,
        server_options: vault::ServerOptions {
            ca: ca_file.map(CaFile::pem),
            allow_http: args.shared.network.allow_http.as_deref().map(super::host).transpose()?,
        },
        raw,
    })
}

fn check_names(selections: &[Selection], export_token: bool) -> Result<(), Usage> {
    let mut seen: HashSet<&str> = HashSet::new();
    if export_token {
        seen.extend(["VAULT_TOKEN", "VAULT_ADDR", "VAULT_NAMESPACE"]);
    }
    for selection in selections {
        if let Target::Variable(name) = &selection.target
            && !seen.insert(name.as_str())
        {
            return Err(Usage::new(format!("{name} is asked for twice")));
        }
    }
    Ok(())
}

fn role(text: &str) -> Result<String, Usage> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Usage::new("--role is empty, or holds a control character"));
    }
    Ok(text.to_owned())
}
