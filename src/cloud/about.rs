//! What each cloud tells of itself.

use super::{Arguments, Reaction, TokenFault};
use crate::host::Env;
use crate::shell::Name;
use crate::state::StateDir;
use crate::subject::SubjectToken;

/// A cloud, as those parts of the program know it that serve all clouds alike: what a failure prints, `clean` and `token`.
#[derive(Debug)]
pub struct About {
    /// Its name, for a person.
    pub name: &'static str,
    /// The command that exchanges the token with it.
    pub command: &'static str,
    /// The variables that hold credentials or lead to them, and that a command line, good or not, asks for: a failure removes
    /// them. The second argument is what could be read of the file that `option_of_names` gives.
    pub credential_variables: fn(&Arguments, &str) -> Vec<Name>,
    /// The option, without its dashes, whose value is a file that names further variables, one way to ask for them per line.
    pub option_of_names: Option<&'static str>,
    /// Those that an exchange may have set whatever it was asked for: `clean` removes them.
    pub variables_left: fn() -> Vec<Name>,
    /// Other variables of this environment that lead into the private directory, and go with it.
    pub variables_into: fn(&StateDir, &Env) -> Vec<Name>,
    /// Whether this is exactly the name of a container registry whose password the command gets.
    pub is_registry: fn(&str) -> bool,
    /// What of the token is more, or other, than the cloud takes, whoever its rules let in.
    pub limits: fn(&SubjectToken) -> Vec<String>,
    /// What it does with a token that has this fault.
    pub reaction: fn(TokenFault<'_>) -> Reaction,
}
