//! One line that sources a private file: under `set -x` an `eval` would trace every secret into the log.

use super::posix::quotes_kept;
use super::{Error, Handout, posix};
use crate::error::Exit;
use crate::job;
use crate::shell::posix::{quote, stop};

/// Writes the exports to a file in the job's private directory and returns the line that sources it.
///
/// The file turns tracing (`-x`) and echoing (`-v`) off, deletes itself, sets the variables, and turns on again what
/// was on.
pub(super) fn line(handout: &Handout, directory: &job::Place) -> Result<String, Error> {
    let directory = directory.open()?;
    let file = directory.file("source", |path| {
        let path = quote(&path.to_string_lossy());
        format!(
            "{{ _oidc_exchange=$-; set +xv; }} 2>/dev/null\nrm -f -- {path}\n{}case $_oidc_exchange in *v*) set -v;; esac\n\
             case $_oidc_exchange in *x*) unset _oidc_exchange; set -x;; *) unset _oidc_exchange;; esac\n",
            posix::exports(handout)
        )
    })?;
    let path = file.to_string_lossy();
    let guard =
        if path.contains(|c: char| c.is_whitespace() || "*?[".contains(c)) { quotes_kept() } else { String::new() };
    Ok(format!("{guard}. {} || {};\n", quote(&path), stop(Exit::Output.code())))
}
