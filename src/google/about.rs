//! Google Cloud in the table of clouds.

use super::{exports, token_checks};
use crate::cloud::About;
use crate::shell::Name;

/// Google Cloud.
pub const ABOUT: About = About {
    name: "Google",
    command: "gcp",
    answers: &[],
    credential_variables: |arguments, _| {
        exports::credential_names(arguments.value("--id-token-env").and_then(Name::new))
    },
    option_of_names: None,
    variables_left: || exports::credential_names(None),
    variables_into: |place, env| exports::leading_into(place, env).into_iter().collect(),
    limits: token_checks::limits,
    reaction: token_checks::reaction,
};
