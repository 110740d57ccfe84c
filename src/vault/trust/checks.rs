//! What the server checks at a login, in its order, each with its own words and what would mend it.
//!
//! <https://github.com/openbao/openbao/blob/main/builtin/credential/jwt/path_login.go>

use serde_json::Value;

use super::Place;
use super::mount::Mount;
use super::role::Role;
use crate::explanation::{Check, Mark};
use crate::subject::Claims;
use crate::vault::client_command::ClientCommand;

/// A login to be judged.
pub(super) struct Login<'a> {
    pub(super) role: &'a Role,
    pub(super) mount: Option<&'a Mount>,
    pub(super) client: ClientCommand,
    pub(super) place: &'a Place,
    pub(super) claims: &'a Claims,
    pub(super) algorithm: Option<&'a str>,
    pub(super) now: i64,
}

/// A check, and what would mend what it found.
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) fix: Option<Fix>,
}

/// What would remove a fault.
pub(super) enum Fix {
    /// Another value for this setting of the role.
    Role(&'static str, Value),
    /// Another value for a setting of the role that decides whom it lets in.
    Admission(&'static str, Value),
    /// Another value for this setting of the auth method.
    Mount(&'static str, Value),
    /// Nothing that is written on the server.
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

/// A fault: the values that are wanted (any one of them), what the token presents, and what the server would say.
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
    check.fact("would say", said)
}

/// A fault where something of a kind is wanted, and no value in particular.
pub(super) fn unfit(
    title: impl Into<String>,
    wanted: &'static str,
    presented: Option<String>,
    said: impl Into<String>,
) -> Check {
    let presented = presented.unwrap_or_else(|| "(none)".into());
    Check::new(Mark::Fails, title).fact("wanted", wanted).fact("presented", presented).fact("would say", said)
}

pub(super) fn texts(list: &[String]) -> Value {
    list.iter().map(String::as_str).collect()
}

impl Login<'_> {
    /// All of them; those that the role does not ask for are left out.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut all = vec![self.role_type()];
        all.extend(self.addresses());
        all.extend(self.signed_with());
        all.extend(self.numbers());
        all.extend(self.types());
        all.extend(self.issuer());
        all.extend(self.subject());
        // An audience that is not bound is looked for when the token has been found good.
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
