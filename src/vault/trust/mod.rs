//! A role of the JWT auth method, evaluated on claims: every fault, where a login is told the first alone.

mod bindings;
mod bound;
mod checks;
mod entity;
mod fields;
mod fix;
mod go;
mod lints;
mod mount;
mod role;
mod times;
mod token;

use crate::document::Document;
use crate::error::Usage;
use crate::explanation::{Check, Explanation, Mark, Verdict};
use crate::subject::Claims;
use crate::vault::client_command::ClientCommand;
use checks::Login;
use mount::Mount;
use role::Role;

/// A role, and its auth method's configuration where it is known.
#[derive(Debug)]
pub struct Rule {
    role: Role,
    mount: Option<Mount>,
    client: ClientCommand,
}

impl Rule {
    /// Reads what `bao read -format=json` has printed of `auth/jwt/role/NAME`, and of `auth/jwt/config`.
    /// `client` is named in hints and notes.
    ///
    /// # Errors
    /// When one is something else, with the place in it that shows it.
    pub fn new(role: &Document, mount: Option<&Document>, client: ClientCommand) -> Result<Self, Usage> {
        let mount = mount.map(|mount| Mount::read(mount, client)).transpose()?;
        Ok(Self { role: Role::read(role, client)?, mount, client })
    }

    /// Whether a login with these claims, signed with `algorithm`, would be let in at `now`, in seconds since 1970.
    #[must_use]
    pub fn evaluate(&self, claims: &Claims, algorithm: Option<&str>, now: i64) -> Explanation {
        let login = Login { role: &self.role, mount: self.mount.as_ref(), client: self.client, claims, algorithm, now };
        let findings = login.findings();
        let notes = login.notes(&findings);
        let checks: Vec<Check> = findings.into_iter().map(|finding| finding.check).collect();
        let faults = checks.iter().map(|check| count(check, Mark::Fails)).sum();
        let unknown = checks.iter().any(|check| count(check, Mark::Unknown) > 0);
        let (verdict, title) = match (faults, unknown) {
            (0, false) => (Verdict::Accepted, "the role lets this token in".into()),
            (0, true) => (Verdict::CannotTell, "the role lets this token in if what is marked with ? holds".into()),
            (1, _) => (Verdict::Refused, "the role does not let this token in".into()),
            (faults, _) => (
                Verdict::Refused,
                format!(
                    "the role does not let this token in, for {faults} reasons, of which the server names the first"
                ),
            ),
        };
        Explanation { verdict, title, checks, lints: lints::lints(&self.role, self.mount.as_ref(), claims), notes }
    }
}

/// How many of a check's parts, or whether it alone, came out like this.
fn count(check: &Check, mark: Mark) -> usize {
    if check.parts.is_empty() {
        usize::from(check.mark == mark)
    } else {
        check.parts.iter().map(|part| count(part, mark)).sum()
    }
}

#[cfg(test)]
mod tests;
