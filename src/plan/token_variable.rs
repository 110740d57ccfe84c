//! A variable that the user names for a token.

use crate::error::Usage;
use crate::shell::{Name, steering};

/// Checks the name that `option` gives: `is_taken` returns whether this exchange uses the variable for something else.
///
/// # Errors
/// If no token may be in a variable with this name.
pub(super) fn token_variable(option: &str, text: &str, is_taken: fn(&Name) -> bool) -> Result<Name, Usage> {
    let name = Name::new(text).filter(|name| !is_taken(name)).ok_or_else(|| {
        Usage::new(format!("{option} requires the name of a variable that has no other meaning here"))
            .hint("use only letters, digits and _, and no digit first")
    })?;
    match steering::forbidden(&name) {
        Some(what) => Err(Usage::new(format!("{option}: {name} is {what}")).hint("choose another name")),
        None => Ok(name),
    }
}
