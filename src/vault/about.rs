//! Vault and OpenBao in the table of clouds.

use super::selection::{Selection, Target};
use super::{credential_names, secrets_file, token_checks};
use crate::cloud::{About, Arguments};
use crate::shell::Name;

/// Vault and OpenBao.
pub const ABOUT: About = About {
    name: "Vault",
    command: "vault",
    answers: &["raw"],
    credential_variables,
    option_of_names: Some("--secrets-file"),
    variables_left: credential_names,
    variables_into: |_, _| Vec::new(),
    // What a role takes is in its configuration.
    limits: |_| Vec::new(),
    reaction: token_checks::reaction,
};

/// As far as their names are known beforehand: what cannot be read in the words, or in the file of secrets, names none.
fn credential_variables(arguments: &Arguments, file: Option<&str>) -> Vec<Name> {
    let words = arguments.words().iter().map(String::as_str);
    let selections: Vec<Selection> = words
        .chain(file.unwrap_or_default().lines())
        .filter_map(|text| secrets_file::selections(text.trim()).ok())
        .flatten()
        .collect();
    let mut names: Vec<Name> = Vec::new();
    for selection in &selections {
        if let Target::Variable(name) = &selection.target
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    if selections.is_empty() || arguments.has("--export-token") {
        names.extend(credential_names());
    }
    names
}
