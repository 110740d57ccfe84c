//! One line that sources a private file: under `set -x` an `eval` would trace every secret into the log.

use std::path::Path;

use super::posix::quotes_kept;
use super::{Exports, posix};
use crate::error::Exit;
use crate::secret::Secret;
use crate::shell::posix::{quote, stop};

/// The two parts of `--format source`: what the private file holds, and what is printed.
pub struct Script<'e>(&'e Exports);

impl<'e> Script<'e> {
    pub(super) fn new(exports: &'e Exports) -> Self {
        Self(exports)
    }

    /// The content of the file at `path`: it turns tracing (`-x`) and echoing (`-v`) off, deletes itself, sets the
    /// variables, and turns on again what was on.
    #[must_use]
    pub fn content(&self, path: &Path) -> Secret {
        let path = quote(&path.to_string_lossy());
        Secret::new(format!(
            "{{ _oidc_exchange=$-; set +xv; }} 2>/dev/null\nrm -f -- {path}\n{}case $_oidc_exchange in *v*) set -v;; esac\n\
             case $_oidc_exchange in *x*) unset _oidc_exchange; set -x;; *) unset _oidc_exchange;; esac\n",
            posix::lines(self.0)
        ))
    }

    /// The line that sources the file at `path`, or stops the caller where that fails.
    #[must_use]
    pub fn line(&self, path: &Path) -> String {
        let path = path.to_string_lossy();
        let guard =
            if path.contains(|c: char| c.is_whitespace() || "*?[".contains(c)) { quotes_kept() } else { String::new() };
        format!("{guard}. {} || {};\n", quote(&path), stop(Exit::Output.code()))
    }
}
