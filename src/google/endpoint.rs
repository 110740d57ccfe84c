//! The addresses of Google's two services: those of a universe, or those that the user names.

use reqwest::Url;

use super::service_account::ServiceAccount;
use super::universe::UniverseDomain;
use crate::error::Usage;

/// A service's address, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Base(String);

impl Base {
    /// Parses an address. If it ends with the path of the service's method, the path is removed.
    fn parse(option: &str, text: &str, method: &str) -> Result<Self, Usage> {
        // The address is not shown, because it may contain a password.
        let wrong = |why: &str| {
            Usage::new(format!("{option}: {why}"))
                .hint("write it as https://HOST, and a path where the service has one")
        };
        let url = Url::parse(text).map_err(|_| wrong("this is not an address"))?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(wrong("this is not an https address"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("an endpoint has no user name and no password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("an endpoint has no query and no fragment"));
        }
        let address = url.as_str().trim_end_matches('/');
        Ok(Self(address.strip_suffix(method).unwrap_or(address).to_owned()))
    }
}

/// The addresses of Google STS and of IAM Credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    universe: UniverseDomain,
    sts: Base,
    iam_credentials: Base,
}

impl Endpoints {
    /// The addresses of `universe`, unless the user names others (`--sts-endpoint`, `--iamcredentials-endpoint`).
    ///
    /// # Errors
    /// If an address of the user is invalid.
    pub fn new(universe: UniverseDomain, sts: Option<&str>, iam_credentials: Option<&str>) -> Result<Self, Usage> {
        let default = |service: &str| Base(format!("https://{service}.{}", universe.as_str()));
        Ok(Self {
            sts: match sts {
                Some(text) => Base::parse("--sts-endpoint", text, "/v1/token")?,
                None => default("sts"),
            },
            iam_credentials: match iam_credentials {
                Some(text) => Base::parse("--iamcredentials-endpoint", text, "/v1")?,
                None => default("iamcredentials"),
            },
            universe,
        })
    }

    /// The universe.
    #[must_use]
    pub fn universe(&self) -> &UniverseDomain {
        &self.universe
    }

    /// The address of IAM Credentials.
    #[must_use]
    pub fn iam_credentials(&self) -> &str {
        &self.iam_credentials.0
    }

    /// The address that exchanges a subject token.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{}/v1/token", self.sts.0)
    }

    /// The address that returns the identity of a federated token.
    #[must_use]
    pub fn introspect(&self) -> String {
        format!("{}/v1/introspect", self.sts.0)
    }

    /// The address that issues access tokens of `account`.
    #[must_use]
    pub fn generate_access_token(&self, account: &ServiceAccount) -> String {
        format!("{}/v1/{}:generateAccessToken", self.iam_credentials.0, account.resource())
    }

    /// The address that issues ID tokens of `account`.
    #[must_use]
    pub fn generate_id_token(&self, account: &ServiceAccount) -> String {
        format!("{}/v1/{}:generateIdToken", self.iam_credentials.0, account.resource())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(sts: Option<&str>, iam: Option<&str>) -> Result<Endpoints, Usage> {
        Endpoints::new(UniverseDomain::default(), sts, iam)
    }

    #[test]
    fn the_universe_names_the_hosts() {
        let account =
            ServiceAccount::parse("x", "a@proj-1.iam.gserviceaccount.com", &UniverseDomain::default()).unwrap();
        let google = endpoints(None, None).unwrap();
        assert_eq!(google.token(), "https://sts.googleapis.com/v1/token");
        assert_eq!(google.introspect(), "https://sts.googleapis.com/v1/introspect");
        assert_eq!(
            google.generate_access_token(&account),
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@proj-1.iam.gserviceaccount.com:generateAccessToken"
        );
        let other = UniverseDomain::parse("--universe-domain", "apis-s3ns.fr").unwrap();
        assert_eq!(Endpoints::new(other, None, None).unwrap().token(), "https://sts.apis-s3ns.fr/v1/token");
    }

    #[test]
    fn an_address_of_ones_own_is_taken_with_its_path_and_without_the_methods() {
        for text in
            ["https://sts.corp.test/google", "https://sts.corp.test/google/", "https://sts.corp.test/google/v1/token"]
        {
            assert_eq!(endpoints(Some(text), None).unwrap().token(), "https://sts.corp.test/google/v1/token");
        }
        let own = endpoints(None, Some("http://127.0.0.1:8080/v1/")).unwrap();
        assert_eq!(own.iam_credentials.0, "http://127.0.0.1:8080");
    }

    #[test]
    fn what_is_no_endpoint_is_refused_and_not_shown() {
        for text in
            ["sts.corp.test", "ftp://sts.corp.test", "https://user:hunter2@h", "https://h/?q=1", "https://h/#f", ""]
        {
            let error = endpoints(Some(text), None).unwrap_err().to_string();
            assert!(error.starts_with("--sts-endpoint: ") && !error.contains("hunter2"), "{error}");
        }
    }
}
