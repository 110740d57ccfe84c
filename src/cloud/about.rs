//! The description of a cloud that the rest of the program uses.

use super::{Arguments, Reaction, TokenFault};
use crate::host::Env;
use crate::shell::Name;
use crate::state::StateDir;
use crate::subject::SubjectToken;

/// A cloud, for the parts of the program that handle all clouds alike: the failure output, `clean` and `token`.
#[derive(Debug)]
pub struct About {
    /// Its name in messages.
    pub name: &'static str,
    /// The command that exchanges the token with it.
    pub command: &'static str,
    /// The variables for credentials, or paths to them, that a command line would set. The command line may be invalid.
    /// The failure output unsets them. The second argument is the content of the file that `option_of_names` names.
    pub credential_variables: fn(&Arguments, &str) -> Vec<Name>,
    /// The option, without its dashes, whose value is a file that names more variables, one request per line.
    pub option_of_names: Option<&'static str>,
    /// The variables that every exchange may have set: `clean` unsets them.
    pub variables_left: fn() -> Vec<Name>,
    /// Other variables of this environment that contain paths into the private directory. `clean` unsets them too.
    pub variables_into: fn(&StateDir, &Env) -> Vec<Name>,
    /// Whether the text is the name of a container registry for which the command gets a password.
    pub is_registry: fn(&str) -> bool,
    /// Limits of the cloud that the token exceeds, independently of the cloud's rules; one sentence each.
    pub limits: fn(&SubjectToken) -> Vec<String>,
    /// How the cloud reacts to a token with this fault.
    pub reaction: fn(TokenFault<'_>) -> Reaction,
}
