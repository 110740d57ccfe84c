//! Google Cloud in the table of clouds.

use super::{exports, token_checks};
use crate::cloud::About;
use crate::shell::Name;

/// The entry of Google Cloud.
pub const ABOUT: About = About {
    name: "Google",
    command: "gcp",
    credential_variables: |arguments, _| {
        let mut named = arguments.values("id-token-env").filter_map(Name::new);
        let mut names = exports::credential_names(named.next());
        names.extend(named);
        names
    },
    option_of_names: None,
    variables_left: || exports::credential_names(None),
    variables_into: |place, env| exports::leading_into(place, env).into_iter().collect(),
    is_registry: super::registry::is_registry,
    limits: token_checks::limits,
    reaction: token_checks::reaction,
};
