//! The state of Google's services: providers, service accounts, and issued tokens.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::cel::{Mapped, Rules};
use crate::random;

/// An issued token, and its owner.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// `principal://…` for a federated token, otherwise the service account's address.
    pub principal: String,
    /// Its scopes, separated by spaces; empty for an ID token.
    pub scope: String,
    /// Its expiry.
    pub expires: SystemTime,
}

#[derive(Clone)]
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) rules: Arc<Rules>,
    pub(super) disabled: bool,
}

#[derive(Clone)]
pub(super) struct Federated {
    pub(super) token: String,
    pub(super) pool: String,
    pub(super) mapped: Mapped,
    pub(super) scope: String,
    expires: SystemTime,
}

impl Federated {
    /// Whether a member of an IAM policy includes it. <https://docs.cloud.google.com/iam/docs/principal-identifiers>
    fn is(&self, member: &str) -> bool {
        let set = |kind: &str| format!("{kind}://iam.googleapis.com/{}", self.pool);
        let attributes = self.mapped.attributes.iter().map(|(name, value)| format!("attribute.{name}/{value}"));
        let groups = self.mapped.groups.iter().map(|group| format!("group/{group}"));
        let within: Vec<String> = attributes.chain(groups).chain(["*".to_owned()]).collect();
        member == format!("{}/subject/{}", set("principal"), self.mapped.subject)
            || member
                .strip_prefix(&format!("{}/", set("principalSet")))
                .is_some_and(|rest| within.iter().any(|one| one == rest))
    }
}

/// The caller.
pub(super) enum Caller {
    Federated(Federated),
    Account(Issued),
}

impl Caller {
    fn is(&self, member: &str) -> bool {
        match self {
            Self::Federated(federated) => federated.is(member),
            Self::Account(issued) => member.strip_prefix("serviceAccount:") == Some(&issued.principal),
        }
    }

    /// An account in a delegation chain.
    pub(super) fn delegate(email: String) -> Self {
        let (token, scope) = (String::new(), String::new());
        Self::Account(Issued { token, principal: email, scope, expires: SystemTime::UNIX_EPOCH })
    }

    pub(super) fn scope(&self) -> &str {
        match self {
            Self::Federated(federated) => &federated.scope,
            Self::Account(issued) => &issued.scope,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Federated(federated) => &federated.mapped.subject,
            Self::Account(issued) => &issued.principal,
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Account {
    pub(super) id: String,
    /// Roles and members.
    pub(super) bindings: Vec<(String, String)>,
    pub(super) long_lived: bool,
}

impl Account {
    /// Whether the caller has one of these roles on it.
    pub(super) fn admits(&self, caller: &Caller, roles: &[&str]) -> bool {
        self.bindings.iter().any(|(role, member)| roles.contains(&role.as_str()) && caller.is(member))
    }
}

/// The mutable state of the services.
#[derive(Default)]
pub(super) struct State {
    pub(super) providers: HashMap<String, Provider>,
    pub(super) accounts: HashMap<String, Account>,
    pub(super) federated: Vec<Federated>,
    pub(super) issued: Vec<Issued>,
    pub(super) roots: Vec<String>,
    pub(super) api_disabled: bool,
    /// The longest lifetime of access tokens, for any requested one.
    pub(super) shortened: Option<Duration>,
}

impl State {
    pub(super) fn provider(&self, name: &str) -> Option<Provider> {
        self.providers.get(name).cloned()
    }

    pub(super) fn federate(&mut self, pool: &str, mapped: Mapped, scope: &str, lasts: i64) -> String {
        let token = format!("ya29.d.{}", random::base64(400).replace(['/', '+'], "_"));
        let expires = SystemTime::now() + Duration::from_secs(lasts.unsigned_abs());
        let (pool, scope) = (pool.to_owned(), scope.to_owned());
        self.federated.push(Federated { token: token.clone(), pool, mapped, scope, expires });
        token
    }

    pub(super) fn federated(&self, token: &str) -> Option<Federated> {
        let good = |known: &&Federated| known.token == token && known.expires > SystemTime::now();
        self.federated.iter().find(good).cloned()
    }

    /// The owner of this token, if it is valid.
    pub(super) fn bearer(&self, token: &str) -> Option<Caller> {
        let good = |known: &&Issued| known.token == token && known.expires > SystemTime::now();
        let account = || self.issued.iter().find(good).cloned().map(Caller::Account);
        self.federated(token).map(Caller::Federated).or_else(account)
    }

    /// The account with that address or id.
    pub(super) fn account(&self, name: &str) -> Option<(String, Account)> {
        let found = self.accounts.iter().find(|(email, account)| *email == name || account.id == name);
        found.map(|(email, account)| (email.clone(), account.clone()))
    }

    pub(super) fn issue(&mut self, token: String, principal: &str, scope: String, lasts: Duration) -> Issued {
        let lasts = self.shortened.unwrap_or(lasts);
        let issued = Issued { token, principal: principal.to_owned(), scope, expires: SystemTime::now() + lasts };
        self.issued.push(issued.clone());
        issued
    }
}
