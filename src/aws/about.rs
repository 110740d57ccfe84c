//! AWS in the table of clouds.

use super::{output, token_checks};
use crate::cloud::{About, Arguments};
use crate::shell::Name;

/// The entry of AWS.
pub const ABOUT: About = About {
    name: "AWS",
    command: "aws",
    credential_variables,
    option_of_names: None,
    variables_left: output::refreshable_names,
    variables_into: |_, _| Vec::new(),
    is_registry: super::registry::is_registry,
    limits: token_checks::limits,
    reaction: token_checks::reaction,
};

fn credential_variables(arguments: &Arguments, _: &str) -> Vec<Name> {
    let mut names: Vec<Name> = arguments.values("env-prefix").flat_map(output::prefixed_names).collect();
    if arguments.has("refreshable") {
        names.extend(output::refreshable_names());
    } else if arguments.values("env-prefix").next().is_none() {
        names.extend(output::credential_names());
    }
    names
}
