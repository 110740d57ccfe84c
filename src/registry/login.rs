//! The result of an exchange for a registry.

use super::{Kept, Options, Password, Renewal};
use crate::secret::Secret;
use crate::subject::SubjectToken;

/// A registry's password, and the request that gets it again.
#[derive(Debug)]
pub struct Login {
    /// The registry.
    pub server: String,
    /// Its password.
    pub password: Password,
    /// The request that gets it again: a command line without the option for the token.
    pub renewal: Renewal,
}

impl Login {
    /// The content of its file. The subject token is included if the renewal will not find it. `further` words are
    /// added to the command line.
    pub(super) fn keep(self, options: &Options, further: &[String], token: &SubjectToken) -> Kept {
        let Self { server, password, renewal: Renewal(mut words) } = self;
        words.extend_from_slice(further);
        let place = if options.token_withheld { token.lasting_file() } else { token.lasting_place() };
        let token: Option<Secret> = if place.is_some() { None } else { Some(token.jwt().clone()) };
        words.extend(place.into_iter().flatten());
        Kept { server, password, renewal: Renewal(words), token }
    }
}
