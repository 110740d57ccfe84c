//! Azure in the table of clouds.

use super::{exports, token_checks};
use crate::cloud::About;
use crate::shell::Name;

/// The entry of Azure.
pub const ABOUT: About = About {
    name: "Azure",
    command: "azure",
    credential_variables: |arguments, _| {
        let mut names = exports::credential_names();
        names.extend(arguments.values("access-token-env").filter_map(Name::new));
        if arguments.has("az") {
            names.push(exports::az_directory());
        }
        names
    },
    option_of_names: None,
    variables_left: exports::names_left,
    variables_into: |place, env| exports::leading_into(place, env),
    is_registry: super::registry::is_registry,
    limits: token_checks::limits,
    reaction: token_checks::reaction,
};
