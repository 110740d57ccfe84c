//! AWS in the table of clouds.

use super::{output, token_checks};
use crate::cloud::{About, Arguments};
use crate::shell::Name;

/// AWS.
pub const ABOUT: About = About {
    name: "AWS",
    command: "aws",
    answers: &["process"],
    credential_variables,
    option_of_names: None,
    variables_left: output::refreshable_names,
    variables_into: |_, _| Vec::new(),
    limits: token_checks::limits,
    reaction: token_checks::reaction,
};

fn credential_variables(arguments: &Arguments, _: Option<&str>) -> Vec<Name> {
    if arguments.has("--refreshable") {
        return output::refreshable_names();
    }
    output::prefixed_names(arguments.value("--env-prefix").unwrap_or_default())
}
