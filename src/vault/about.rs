//! Vault and OpenBao in the table of clouds.

use super::selection::{Selection, Target};
use super::{credential_names, secrets_file, token_checks};
use crate::cloud::{About, Arguments};
use crate::shell::Name;

/// The entry of Vault and OpenBao.
pub const ABOUT: About = About {
    name: "Vault",
    command: "vault",
    credential_variables,
    option_of_names: Some("secrets-file"),
    variables_left: credential_names,
    variables_into: |_, _| Vec::new(),
    // The role's configuration determines which tokens it accepts.
    is_registry: |_| false,
    limits: |_| Vec::new(),
    reaction: token_checks::reaction,
};

/// The names that are known in advance. Invalid words, and an invalid file of secrets, name none. A secret that was
/// parsed as the value of an option was meant as a request; the client token is exported then.
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
