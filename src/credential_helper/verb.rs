//! The action of a call.

use std::ffi::OsString;

use crate::error::Usage;
use crate::registry::PROGRAM;

/// The protocol's actions, and options that a user may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Store,
    Erase,
    List,
    Version,
    Help,
}

pub(super) const HELP: &str = "\
Gives docker, podman, buildah and skopeo the passwords of the registries that `oidc-exchange … --registry HOST` has registered.

Usage: docker-credential-oidc-exchange get|store|erase|list|version

get      reads a registry's name from standard input, and prints its password
list     prints the registered registries
store    succeeds and does nothing
erase    succeeds and does nothing
";

impl Verb {
    /// Parses a command line, which starts with the program's name.
    pub(super) fn parse(arguments: &[OsString]) -> Result<Self, Usage> {
        let wrong = |what: String| Usage::new(what).hint(format!("usage: {PROGRAM} get|store|erase|list|version"));
        let words: Vec<&str> = arguments.iter().skip(1).map(|word| word.to_str().unwrap_or("?")).collect();
        Ok(match words.as_slice() {
            ["get"] => Self::Get,
            ["store"] => Self::Store,
            ["erase"] => Self::Erase,
            ["list"] => Self::List,
            ["version" | "--version" | "-V"] => Self::Version,
            ["help" | "--help" | "-h"] => Self::Help,
            [] => return Err(wrong(format!("{PROGRAM}: a verb is missing"))),
            [word] => return Err(wrong(format!("{PROGRAM}: `{word}` is not a verb"))),
            [..] => return Err(wrong(format!("{PROGRAM} requires one verb, and the server's name on standard input"))),
        })
    }
}
