//! The account of the credentials, and the check that it is allowed.

use std::fmt;

use super::RoleArn;
use super::arn::is_account;
use crate::error::{Error, Refusal, Usage};

/// An account id: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountId(String);

impl AccountId {
    /// Parses an account id. `origin` is the option that it came from.
    ///
    /// # Errors
    /// If it is not twelve digits.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        Self::new(text).ok_or_else(|| {
            Usage::new(format!("{origin}: `{text}` is not an account's id"))
                .hint("it has twelve digits, leading zeros included, and no hyphens")
        })
    }

    /// `text` as an account id; `None` if it is not one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        is_account(text).then(|| Self(text.to_owned()))
    }

    /// The account in an ARN, if it has one.
    #[must_use]
    pub fn of_arn(arn: &str) -> Option<Self> {
        arn.split(':').nth(4).and_then(Self::new)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks of the final credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// The allowed accounts; empty allows every account.
    pub allowed: Vec<AccountId>,
    /// Whether to call `GetCallerIdentity`, which returns the account and shows that the credentials work.
    pub verify: bool,
}

impl Guard {
    /// Refuses a role whose ARN is of an account that is not allowed. Nothing is sent then.
    ///
    /// # Errors
    /// [`Exit::Refused`](crate::error::Exit::Refused).
    pub fn foresee(&self, role: &RoleArn) -> Result<(), Error> {
        self.check(&AccountId(role.account().to_owned()), role, "nothing was sent: the role's ARN names account")
    }

    /// Refuses credentials for an account that is not allowed. `source` starts the error's sentence and names where
    /// the account comes from.
    ///
    /// # Errors
    /// [`Exit::Refused`](crate::error::Exit::Refused).
    pub fn check(&self, account: &AccountId, role: &RoleArn, source: &str) -> Result<(), Error> {
        if self.allowed.is_empty() || self.allowed.contains(account) {
            return Ok(());
        }
        let allowed: Vec<&str> = self.allowed.iter().map(AccountId::as_str).collect();
        Err(Error::from(Refusal {
            title: format!("the credentials would be for account {account}, which is not in --allowed-account-id"),
            said: format!("{source} {account}"),
            asked: vec![role.as_str().to_owned(), format!("allowed accounts: {}", allowed.join(", "))],
            presented: Vec::new(),
            hints: vec!["check that this is not the role of another environment (staging for production)".into()],
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn an_account_is_twelve_digits() {
        assert!(AccountId::new("012345678901").is_some());
        for bad in ["", "12345678901", "1234567890123", "1234-5678-9012", "12345678901x", "１２３４"] {
            assert!(AccountId::new(bad).is_none(), "{bad}");
        }
        let arn = "arn:aws:sts::123456789012:assumed-role/deploy/me";
        assert_eq!(AccountId::of_arn(arn).unwrap().as_str(), "123456789012");
        assert_eq!(AccountId::of_arn("arn:aws:sts:::assumed-role/deploy/me"), None);
    }

    #[test]
    fn a_guard_lets_in_whom_it_names_and_without_a_name_everybody() {
        let role = RoleArn::parse("--role-arn", "arn:aws:iam::123456789012:role/deploy").unwrap();
        assert!(Guard::default().foresee(&role).is_ok());
        let of =
            |ids: &[&str]| Guard { allowed: ids.iter().map(|id| AccountId::new(id).unwrap()).collect(), verify: false };
        assert!(of(&["999999999999", "123456789012"]).foresee(&role).is_ok());
        assert_eq!(of(&["999999999999"]).foresee(&role).unwrap_err().exit(), Exit::Refused);
    }
}
