//! The server's checks of a login, in its order, each with the server's message and a fix.
//!
//! <https://github.com/openbao/openbao/blob/main/builtin/credential/jwt/path_login.go>

use serde_json::Value;

use super::Place;
use super::mount::Mount;
use super::role::Role;
use crate::explanation::{Check, Mark};
use crate::subject::Claims;
use crate::vault::client_command::ClientCommand;

/// The login to evaluate.
pub(super) struct Login<'a> {
    pub(super) role: &'a Role,
    pub(super) mount: Option<&'a Mount>,
    pub(super) client: ClientCommand,
    pub(super) place: &'a Place,
    pub(super) claims: &'a Claims,
    pub(super) algorithm: Option<&'a str>,
    pub(super) now: i64,
}

/// A check, with a fix if it fails.
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) fix: Option<Fix>,
}

/// A fix for a fault.
pub(super) enum Fix {
    /// A new value for this setting of the role.
    Role(&'static str, Value),
    /// A new value for a setting of the role that decides which jobs it allows.
    Admission(&'static str, Value),
    /// A new value for this setting of the auth method.
    Mount(&'static str, Value),
    /// An advice that concerns no setting.
    Advice(&'static str),
}

impl From<Check> for Finding {
    fn from(check: Check) -> Self {
        Self { check, fix: None }
    }
}

impl Check {
    pub(super) fn fixed_by(self, fix: Fix) -> Finding {
        Finding { check: self, fix: Some(fix) }
    }
}

pub(super) fn holds(title: impl Into<String>) -> Finding {
    Check::new(Mark::Holds, title).into()
}

/// A fault: the expected values (any of them), the token's value, and the server's message.
pub(super) fn fault(
    title: impl Into<String>,
    wanted: &[String],
    presented: Option<String>,
    said: impl Into<String>,
) -> Check {
    let check = Check::new(Mark::Fails, title);
    let check = match presented {
        Some(presented) => check.compared(wanted, &presented),
        None => wanted.iter().fold(check, |check, wanted| check.fact("wanted", wanted)).fact("presented", "(none)"),
    };
    check.fact("answer", said)
}

/// A fault of a value that must be of some kind, but has no expected value.
pub(super) fn unfit(
    title: impl Into<String>,
    wanted: &'static str,
    presented: Option<String>,
    said: impl Into<String>,
) -> Check {
    let presented = presented.unwrap_or_else(|| "(none)".into());
    Check::new(Mark::Fails, title).fact("wanted", wanted).fact("presented", presented).fact("answer", said)
}

pub(super) fn texts(list: &[String]) -> Value {
    list.iter().map(String::as_str).collect()
}

impl Login<'_> {
    /// All checks that apply to the role.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut all = vec![self.role_type()];
        all.extend(self.addresses());
        all.extend(self.signed_with());
        all.extend(self.numbers());
        all.extend(self.types());
        all.extend(self.issuer());
        all.extend(self.subject());
        // Without bound audiences, the audience is checked after the token.
        let (bound, unbound) = if self.role.bound_audiences.is_empty() {
            (None, self.no_audience())
        } else {
            (Some(self.audience()), None)
        };
        all.extend(bound);
        all.extend(self.times());
        all.extend(unbound);
        all.push(self.user_claim());
        all.extend(self.claim_mappings());
        all.extend(self.groups());
        all.extend(self.bound_claims());
        all.extend(self.templates());
        all.extend(self.alias());
        all.extend(self.root());
        all
    }
}
