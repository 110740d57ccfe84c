//! The rules for registries that all clouds share, on a command line and in a targets file.

use crate::cli::Shared;
use crate::clouds;
use crate::error::Usage;
use crate::http::CaFile;
use crate::registry::{self, Options};

/// The option.
pub(super) const OPTION: &str = "--registry";

/// Where a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// With `--registry` and without a COMMAND, no variables are exported.
    CommandLine,
    /// Variables are exported as well.
    TargetsFile,
}

impl Place {
    /// Whether a request only registers the passwords of `registries`.
    pub(super) fn is_for_registries_only(self, registries: &[String], shared: &Shared) -> bool {
        self == Self::CommandLine && !registries.is_empty() && shared.run.is_empty()
    }
}

/// How registries are registered.
pub(super) fn options(shared: &Shared, ca_file: Option<&CaFile>) -> Options {
    let of_command = !shared.run.is_empty();
    Options {
        of_command,
        token_withheld: of_command && !shared.pass_token,
        ca_file: ca_file.cloned(),
        allow_http: shared.network.allow_http.clone(),
    }
}

/// Refuses a text that contains a registry of another command than `command`, or of no cloud.
pub(super) fn check_owner(texts: &[String], command: &str) -> Result<(), Usage> {
    for name in texts.iter().filter_map(|text| registry::bare(text)) {
        let wrong = |owner: &str| Usage::new(format!("{OPTION}: `{name}` is a registry of {owner}"));
        if let Some(about) = clouds::ALL.iter().find(|about| (about.is_registry)(&name)) {
            if about.command != command {
                let other = about.command;
                return Err(
                    wrong(about.name).hint(format!("for this registry, use oidc-exchange {other} {OPTION} {name}"))
                );
            }
        } else if let Some(owner) = registry::owner_without_exchange(&name) {
            return Err(wrong(owner).hint(format!("oidc-exchange has no passwords for {owner}: use docker login")));
        }
    }
    Ok(())
}
