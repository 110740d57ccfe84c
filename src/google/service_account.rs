//! Service accounts, by their e-mail addresses.

use super::provider::is_project_id;
use super::universe::UniverseDomain;
use crate::error::Usage;

/// A service account's e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount(String);

impl ServiceAccount {
    /// Parses an address. The forms of IAM policies (`serviceAccount:…`) and of the API
    /// (`projects/-/serviceAccounts/…`) are accepted too.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(option: &str, text: &str, universe: &UniverseDomain) -> Result<Self, Usage> {
        let wrong = |why: &str| {
            Usage::new(format!("{option}: `{text}` is not a service account's e-mail address: {why}"))
                .hint("write it as NAME@PROJECT.iam.gserviceaccount.com; gcloud iam service-accounts list shows them")
        };
        let address = text.strip_prefix("serviceAccount:").unwrap_or(text);
        let address = address.rsplit_once("/serviceAccounts/").map_or(address, |(_, address)| address);
        if (15..=25).contains(&address.len()) && address.bytes().all(|byte| byte.is_ascii_digit()) {
            // IAM Credentials accepts it too, but clients that read the credentials file require an address.
            return Err(Usage::new(format!(
                "{option}: `{address}` is a service account's numeric id, not its e-mail address"
            ))
            .hint(format!(
                "this shows the address: gcloud iam service-accounts describe {address} --format='value(email)'"
            )));
        }
        let (name, domain) = address.split_once('@').ok_or_else(|| wrong("it is only a name, without a project"))?;
        let plain = |text: &str, marks: &[u8]| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
        };
        if address.len() > 254 || !plain(name, b"._-") || !plain(domain, b".-") || !domain.contains('.') {
            return Err(wrong("such an address has letters, digits, dots and hyphens about an @"));
        }
        if universe.is_default() && domain != GOOGLE && !domain.ends_with(&format!(".{GOOGLE}")) {
            return Err(wrong(
                "such an address ends with gserviceaccount.com; people and groups cannot be impersonated",
            ));
        }
        Ok(Self(address.to_owned()))
    }

    /// The address as text.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.0
    }

    /// The account's resource name. IAM Credentials requires a wildcard in place of the project.
    #[must_use]
    pub fn resource(&self) -> String {
        format!("projects/-/serviceAccounts/{}", self.0)
    }

    /// The id of the account's project, if the address shows it. The addresses of Google's own accounts (default
    /// accounts, service agents) and of domain-scoped projects have another text there.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        let (_, domain) = self.0.split_once('@')?;
        let project = domain.strip_suffix(".iam.gserviceaccount.com")?;
        (is_project_id(project) && !project.starts_with("gcp-sa-")).then_some(project)
    }
}

const GOOGLE: &str = "gserviceaccount.com";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ServiceAccount, Usage> {
        ServiceAccount::parse("--service-account", text, &UniverseDomain::default())
    }

    #[test]
    fn an_address_is_read_in_the_forms_that_google_writes() {
        let email = "deploy@my-proj.iam.gserviceaccount.com";
        for prefix in ["", "serviceAccount:", "projects/-/serviceAccounts/", "projects/my-proj/serviceAccounts/"] {
            assert_eq!(parse(&format!("{prefix}{email}")).unwrap().email(), email);
        }
        assert_eq!(parse(email).unwrap().resource(), format!("projects/-/serviceAccounts/{email}"));
    }

    #[test]
    fn what_is_no_account_is_told_why() {
        for (text, why) in [
            ("deploy", "it is only a name"),
            ("", "it is only a name"),
            ("103487601874019834123", "numeric id"),
            ("projects/-/serviceAccounts/103487601874019834123", "numeric id"),
            ("1234567890", "it is only a name"),
            ("me@example.com", "people and groups"),
            ("me@evilgserviceaccount.com", "people and groups"),
            ("a b@my-proj.iam.gserviceaccount.com", "such an address has"),
            ("a@b@my-proj.iam.gserviceaccount.com", "such an address has"),
            ("a@my-proj.iam.gserviceaccount.com:generateAccessToken", "such an address has"),
            ("@my-proj.iam.gserviceaccount.com", "such an address has"),
            ("a/../b@my-proj.iam.gserviceaccount.com", "such an address has"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let other = UniverseDomain::parse("--universe-domain", "apis-s3ns.fr").unwrap();
        assert!(ServiceAccount::parse("--service-account", "a@proj.s3ns.example", &other).is_ok());
    }

    #[test]
    fn the_project_is_told_only_where_it_is_certain() {
        let project = |text: &str| parse(text).unwrap().project().map(str::to_owned);
        assert_eq!(project("deploy@my-proj.iam.gserviceaccount.com").as_deref(), Some("my-proj"));
        assert_eq!(project("1234-compute@developer.gserviceaccount.com"), None);
        assert_eq!(project("my-proj@appspot.gserviceaccount.com"), None);
        assert_eq!(project("deploy@my-proj.example.com.iam.gserviceaccount.com"), None);
        assert_eq!(project("service-1@gcp-sa-pubsub.iam.gserviceaccount.com"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,80}") {
            let _ = parse(&text);
        }
    }
}
