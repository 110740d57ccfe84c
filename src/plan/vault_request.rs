//! The Vault request, checked.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path as FilePath;

use crate::cli::{Form, VaultAnswer, VaultArgs};
use crate::error::Usage;
use crate::host::Env;
use crate::vault::path::Path;
use crate::vault::selection::{Selection, Target};
use crate::vault::{self, secrets_file, settings};

/// The largest file of secrets' names that is read.
const LARGEST: u64 = 1 << 20;

/// Checks what `vault` was asked for, with the environment's part filled in.
pub(super) fn new(args: &VaultArgs, env: &Env) -> Result<vault::Request, Usage> {
    let mut selections = Vec::new();
    if let Some(path) = &args.secrets_file {
        selections.extend(secrets_file::lines(&read(path)?)?);
    }
    for secret in &args.secrets {
        selections.extend(secrets_file::selections(secret)?);
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
        namespace: settings::namespace(args.namespace.as_deref(), env)?,
        mount: Path::parse_mount(&args.mount)?,
        role: args.role.as_deref().map(role).transpose()?,
        selections,
        export_token,
        no_revoke: args.no_revoke,
        server_options: server_options(args)?,
        raw,
    })
}

/// `clean` may run in another directory.
fn server_options(args: &VaultArgs) -> Result<vault::ServerOptions, Usage> {
    let network = &args.shared.network;
    let ca_file = network.ca_file.as_ref().map(std::path::absolute).transpose();
    let ca_file = ca_file.map_err(|error| Usage::new(format!("--ca-file: {error}")))?;
    Ok(vault::ServerOptions { ca_file, allow_http: network.allow_http.as_deref().map(super::host).transpose()? })
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

fn read(path: &FilePath) -> Result<String, Usage> {
    let unreadable =
        |why: &dyn std::fmt::Display| Usage::new(format!("--secrets-file: cannot read {}: {why}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| unreadable(&error))?;
    if text.len() as u64 > LARGEST {
        return Err(unreadable(&"it is longer than 1 MiB"));
    }
    Ok(text)
}
