//! Vault and OpenBao in the table of clouds.

use super::selection::{Selection, Target};
use super::{credential_names, secrets_file, token_checks};
use crate::cloud::{About, Arguments};
use crate::shell::Name;

/// Vault and OpenBao.
pub const ABOUT: About = About {
    name: "Vault",
    command: "vault",
    credential_variables,
    option_of_names: Some("secrets-file"),
    variables_left: credential_names,
    variables_into: |_, _| Vec::new(),
    // What a role takes is in its configuration.
    is_registry: |_| false,
    limits: |_| Vec::new(),
    reaction: token_checks::reaction,
};

/// As far as their names are known beforehand: what cannot be read in the words, or in the file of secrets, names none. A
/// secret that an option has taken for its value is one that was wanted, and the client token is what comes then.
fn credential_variables(arguments: &Arguments, file: &str) -> Vec<Name> {
    let read = |text: &str| secrets_file::selections(text.trim()).unwrap_or_default();
    let wanted: Vec<Selection> = arguments.words().chain(file.lines()).flat_map(read).collect();
    let mut names: Vec<Name> = Vec::new();
    for selection in wanted.iter().cloned().chain(arguments.all_values().flat_map(read)) {
        if let Target::Variable(name) = selection.target
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if wanted.is_empty() || arguments.has("export-token") {
        names.extend(credential_names());
    }
    names
}
