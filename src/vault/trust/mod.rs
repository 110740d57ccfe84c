//! Evaluates a role of the JWT auth method on a token's claims. It reports every fault; a login reports only the
//! first one.

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
use crate::shell::posix;
use crate::subject::Claims;
use crate::vault::client_command::ClientCommand;
use crate::vault::path::Path;
use checks::Login;
use mount::Mount;
use role::Role;

/// The paths of the role and the mount, for the commands of hints and notes.
#[derive(Debug)]
pub struct Place {
    mount: Path,
    role: String,
}

impl Place {
    /// A role at a mount of the JWT auth method. The defaults are `jwt`, and NAME for the role.
    ///
    /// # Errors
    /// If the mount's path is invalid.
    pub fn new(mount: Option<&str>, role: Option<&str>) -> Result<Self, Usage> {
        Ok(Self { mount: Path::parse_mount(mount.unwrap_or("jwt"))?, role: role.unwrap_or("NAME").to_owned() })
    }

    /// The role's path, quoted for a command.
    fn of_role(&self) -> String {
        posix::word(&format!("auth/{}/role/{}", self.mount, self.role))
    }

    /// The path of the mount's configuration, quoted for a command.
    fn of_mount(&self) -> String {
        posix::word(&format!("auth/{}/config", self.mount))
    }
}

/// A role, and its auth method's configuration if it is known.
#[derive(Debug)]
pub struct Rule {
    role: Role,
    mount: Option<Mount>,
    client: ClientCommand,
    place: Place,
}

impl Rule {
    /// Reads the output of `bao read -format=json` for `auth/jwt/role/NAME` and for `auth/jwt/config`. Hints and
    /// notes use `client` and `place`.
    ///
    /// # Errors
    /// If one is something else; with the place of the fault.
    pub fn new(role: &Document, mount: Option<&Document>, client: ClientCommand, place: Place) -> Result<Self, Usage> {
        let mount = mount.map(|mount| Mount::read(mount, client, &place)).transpose()?;
        Ok(Self { role: Role::read(role, client, &place)?, mount, client, place })
    }

    /// Whether a login with these claims, signed with `algorithm`, is allowed at `now`, in seconds since 1970.
    #[must_use]
    pub fn evaluate(&self, claims: &Claims, algorithm: Option<&str>, now: i64) -> Explanation {
        let login = Login {
            role: &self.role,
            mount: self.mount.as_ref(),
            client: self.client,
            place: &self.place,
            claims,
            algorithm,
            now,
        };
        let findings = login.findings();
        let notes = login.notes(&findings);
        let checks: Vec<Check> = findings.into_iter().map(|finding| finding.check).collect();
        let faults = checks.iter().map(|check| count(check, Mark::Fails)).sum();
        let unknown = checks.iter().any(|check| count(check, Mark::Unknown) > 0);
        let (verdict, title) = match (faults, unknown) {
            (0, false) => (Verdict::Accepted, "the role allows this token".into()),
            (0, true) => (Verdict::CannotTell, "the role allows this token if what is marked with ? holds".into()),
            (1, _) => (Verdict::Refused, "the role does not allow this token".into()),
            (faults, _) => (
                Verdict::Refused,
                format!(
                    "the role does not allow this token, for {faults} reasons, of which the server names the first"
                ),
            ),
        };
        Explanation { verdict, title, checks, lints: lints::lints(&self.role, self.mount.as_ref(), claims), notes }
    }
}

/// The number of parts of a check with this result; without parts, the check itself counts.
fn count(check: &Check, mark: Mark) -> usize {
    if check.parts.is_empty() {
        usize::from(check.mark == mark)
    } else {
        check.parts.iter().map(|part| count(part, mark)).sum()
    }
}

#[cfg(test)]
mod tests;
