//! `--format source`: prints a line that sources a private file. With `set -x`, an `eval` would print every secret
//! into the log.

use std::path::Path;

use super::Exports;
use super::posix::{CODES, lines_in_file};
use crate::secret::Secret;
use crate::shell::posix::{quote, source};

/// The two parts of `--format source`: the content of the private file, and the printed line.
pub struct Script<'e>(&'e Exports);

impl<'e> Script<'e> {
    pub(super) fn new(exports: &'e Exports) -> Self {
        Self(exports)
    }

    /// The content of the file at `path`. It deletes itself, turns tracing (`-x`) off, sets the variables, and
    /// restores tracing.
    #[must_use]
    pub fn content(&self, path: &Path) -> Secret {
        let path = quote(&path.to_string_lossy());
        Secret::new(format!(
            "rm -f -- {path}\n{}case $_oidc_exchange in *v*) set -v;; esac\n\
             case $_oidc_exchange in *x*) unset _oidc_exchange; set -x;; *) unset _oidc_exchange;; esac\n",
            lines_in_file(self.0, "{ set +x; } 2>/dev/null\n")
        ))
    }

    /// The line that sources the file at `path`. It stops the caller if that fails.
    #[must_use]
    pub fn line(&self, path: &Path) -> String {
        source(&path.to_string_lossy(), CODES)
    }
}
