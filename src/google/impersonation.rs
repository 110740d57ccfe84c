//! The request for a service account's tokens.

use std::time::Duration;

use super::ServiceAccount;
use crate::error::Usage;
use crate::shell::Name;

/// A service account that the federated token impersonates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonation {
    /// The account.
    pub account: ServiceAccount,
    /// Accounts of a delegation chain: each can create tokens of the next one.
    pub delegates: Vec<ServiceAccount>,
    /// The access token's lifetime. Google's default is an hour.
    pub lifetime: Option<Lifetime>,
    /// Also an ID token of the account.
    pub id_token: Option<IdToken>,
}

impl Impersonation {
    /// The account that the federated identity itself impersonates.
    #[must_use]
    pub fn first(&self) -> &ServiceAccount {
        self.delegates.first().unwrap_or(&self.account)
    }
}

/// A requested ID token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdToken {
    /// Its audience.
    pub audience: String,
    /// The variable that gets it.
    pub variable: Name,
    /// Whether it contains the account's address.
    pub include_email: bool,
}

/// The lifetime of an access token: 10 minutes to 12 hours, in whole seconds. These are the limits of
/// `service_account_impersonation.token_lifetime_seconds` (<https://google.aip.dev/auth/4117>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(u16);

impl Lifetime {
    /// Checks a lifetime.
    ///
    /// # Errors
    /// If it is out of range.
    pub fn new(length: Duration) -> Result<Self, Usage> {
        match u16::try_from(length.as_secs()) {
            Ok(seconds @ 600..=43_200) if length.subsec_nanos() == 0 => Ok(Self(seconds)),
            _ => Err(Usage::new("--lifetime: the lifetime of an access token is 10m to 12h")
                .hint("more than 1h needs a policy of the organization that allows it to the service account")),
        }
    }

    /// The lifetime in seconds.
    #[must_use]
    pub fn seconds(self) -> u16 {
        self.0
    }
}

/// An OAuth scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// The scope that most services of Google Cloud accept.
    pub const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
    /// The scope that IAM Credentials requires of a federated token.
    pub const IAM: &str = "https://www.googleapis.com/auth/iam";

    /// Parses a scope.
    ///
    /// # Errors
    /// If it is not a URL.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let rest = text.strip_prefix("https://").unwrap_or_default();
        if !rest.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\,".contains(&byte)) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{option}: `{text}` is not a scope"))
            .hint(format!("write it as {}; several are given one by one", Self::CLOUD_PLATFORM)))
    }

    /// The scope as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_ten_minutes_to_half_a_day() {
        for (seconds, good) in [(599, false), (600, true), (43_200, true), (43_201, false), (u64::MAX, false)] {
            assert_eq!(Lifetime::new(Duration::from_secs(seconds)).is_ok(), good, "{seconds}");
        }
        assert!(Lifetime::new(Duration::from_millis(600_500)).is_err());
    }

    #[test]
    fn a_scope_is_one_address() {
        assert!(Scope::parse("--scope", Scope::CLOUD_PLATFORM).is_ok());
        for bad in ["", "cloud-platform", "https://", "https://a https://b", "https://a,https://b"] {
            assert!(Scope::parse("--scope", bad).is_err(), "{bad}");
        }
    }
}
