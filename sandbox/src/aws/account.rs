//! The state of an AWS account: identity providers, roles, and issued sessions.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::TrustPolicy;
use super::refusal::Refusal;
use crate::random;

/// Issued credentials, with their session.
#[derive(Clone, Debug)]
pub struct Issued {
    /// `ASIA…`.
    pub access_key_id: String,
    /// Forty characters.
    pub secret_access_key: String,
    /// The session token.
    pub session_token: String,
    /// Their expiry.
    pub expiration: SystemTime,
    /// The role that was assumed.
    pub role_arn: String,
    /// `AROA…`.
    pub role_id: String,
    /// The session's name, which the caller chose.
    pub session_name: String,
    /// The session's tags; true for transitive ones.
    pub tags: Vec<(String, String, bool)>,
    /// The session's source identity.
    pub source_identity: Option<String>,
}

impl Issued {
    /// The role's account.
    #[must_use]
    pub fn account(&self) -> &str {
        account_of(&self.role_arn).unwrap_or_default()
    }

    /// The ARN of the session.
    #[must_use]
    pub fn arn(&self) -> String {
        let partition = partition_of(&self.role_arn);
        let name = self.role_arn.rsplit('/').next().unwrap_or_default();
        format!("arn:{partition}:sts::{}:assumed-role/{name}/{}", self.account(), self.session_name)
    }

    /// The id for [`arn`](Self::arn).
    #[must_use]
    pub fn user_id(&self) -> String {
        format!("{}:{}", self.role_id, self.session_name)
    }

    /// The values that must not occur anywhere except in the answer.
    #[must_use]
    pub fn secrets(&self) -> [&str; 2] {
        [&self.secret_access_key, &self.session_token]
    }
}

/// The partition in an ARN: `aws`, `aws-cn`, ….
pub(super) fn partition_of(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

/// The account in an ARN.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}

#[derive(Clone)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) id: String,
    pub(super) trust: TrustPolicy,
    pub(super) longest: Duration,
}

/// The mutable state of the service.
#[derive(Default)]
pub(super) struct Accounts {
    /// Client ids by account and issuer.
    providers: HashMap<(String, String), Vec<String>>,
    roles: HashMap<String, Role>,
    pub(super) issued: Vec<Issued>,
    pub(super) roots: Vec<String>,
}

/// A session to create.
pub(super) struct Session<'a> {
    pub(super) role: &'a Role,
    pub(super) name: &'a str,
    pub(super) duration: Duration,
    pub(super) tags: Vec<(String, String, bool)>,
    pub(super) source_identity: Option<String>,
}

impl Accounts {
    pub(super) fn register(&mut self, account: &str, issuer: &str, audiences: &[&str]) {
        let audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
        self.providers.insert((account.to_owned(), issuer.to_owned()), audiences);
    }

    pub(super) fn audiences(&self, account: &str, issuer: &str) -> Option<Vec<String>> {
        self.providers.get(&(account.to_owned(), issuer.to_owned())).cloned()
    }

    pub(super) fn create_role(&mut self, arn: &str, trust: TrustPolicy, longest: Duration) {
        let id = format!("AROA{}", random::base32(17));
        self.roles.insert(arn.to_owned(), Role { arn: arn.to_owned(), id, trust, longest });
    }

    pub(super) fn delete_role(&mut self, arn: &str) {
        self.roles.remove(arn);
    }

    pub(super) fn role(&self, arn: &str) -> Option<Role> {
        self.roles.get(arn).cloned()
    }

    pub(super) fn issue(&mut self, session: Session<'_>) -> Result<Issued, Refusal> {
        if session.duration > session.role.longest {
            let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Err(Refusal::validation(message));
        }
        let issued = Issued {
            access_key_id: format!("ASIA{}", random::base32(16)),
            secret_access_key: random::base64(40),
            session_token: format!("IQoJb3JpZ2luX2Vj{}==", random::base64(702)),
            expiration: SystemTime::now() + session.duration,
            role_arn: session.role.arn.clone(),
            role_id: session.role.id.clone(),
            session_name: session.name.to_owned(),
            tags: session.tags,
            source_identity: session.source_identity,
        };
        self.issued.push(issued.clone());
        Ok(issued)
    }
}
