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
use crate::shell::posix;
use crate::subject::Claims;
use crate::vault::client_command::ClientCommand;
use crate::vault::path::Path;
use checks::Login;
use mount::Mount;
use role::Role;

/// Where the role is written, for the commands of hints and notes.
#[derive(Debug)]
pub struct Place {
    mount: Path,
    role: String,
}

impl Place {
    /// A role at a mount of the JWT auth method: `jwt`, and a role called NAME, if they are not known.
    ///
    /// # Errors
    /// When no mount has this path.
    pub fn new(mount: Option<&str>, role: Option<&str>) -> Result<Self, Usage> {
        Ok(Self { mount: Path::parse_mount(mount.unwrap_or("jwt"))?, role: role.unwrap_or("NAME").to_owned() })
    }

    /// The role's path, as a word of a command.
    fn of_role(&self) -> String {
        posix::word(&format!("auth/{}/role/{}", self.mount, self.role))
    }

    /// The path of the mount's configuration, as a word of a command.
    fn of_mount(&self) -> String {
        posix::word(&format!("auth/{}/config", self.mount))
    }
}

/// A role, and its auth method's configuration where it is known.
#[derive(Debug)]
pub struct Rule {
    role: Role,
    mount: Option<Mount>,
    client: ClientCommand,
    place: Place,
}

impl Rule {
    /// Reads what `bao read -format=json` has printed of `auth/jwt/role/NAME`, and of `auth/jwt/config`.
    /// `client` and `place` are named in hints and notes.
    ///
    /// # Errors
    /// When one is something else, with the place in it that shows it.
    pub fn new(role: &Document, mount: Option<&Document>, client: ClientCommand, place: Place) -> Result<Self, Usage> {
        let mount = mount.map(|mount| Mount::read(mount, client, &place)).transpose()?;
        Ok(Self { role: Role::read(role, client, &place)?, mount, client, place })
    }

    /// Whether a login with these claims, signed with `algorithm`, would be let in at `now`, in seconds since 1970.
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
