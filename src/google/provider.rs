//! The workload identity provider.

use super::universe::UniverseDomain;
use crate::error::Usage;

/// The longest `google.subject` that a mapping may result in, in bytes
/// (<https://docs.cloud.google.com/iam/docs/workload-identity-federation#mapping>).
pub const LONGEST_SUBJECT: usize = 127;

/// The parts of a provider's full resource name:
/// `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID`.
///
/// STS accepts only the project's number, not its id:
/// <https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>.
///
/// ```
/// use oidc_exchange::google::{Provider, UniverseDomain};
///
/// let name = "projects/123456/locations/global/workloadIdentityPools/ci/providers/semaphore";
/// let universe = UniverseDomain::default();
/// assert!(Provider::parse("--provider", name, &universe).is_ok());
/// let of_a_project_id = name.replace("123456", "my-project");
/// assert!(Provider::parse("--provider", &of_a_project_id, &universe).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    number: String,
    pool: String,
    id: String,
}

const FORM: &str = "write it as projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID";

impl Provider {
    /// Parses a provider's name, with or without the host of IAM before it.
    ///
    /// # Errors
    /// If it is something else. The error names what it is instead, if it is recognized.
    pub fn parse(option: &str, text: &str, universe: &UniverseDomain) -> Result<Self, Usage> {
        let wrong = |why: &str| Usage::new(format!("{option}: `{text}` is not a provider's name: {why}"));
        let name = without_host(text, universe).map_err(|why| wrong(why).hint(FORM))?;
        let parts: Vec<&str> = name.trim_end_matches('/').split('/').collect();
        match parts[..] {
            ["projects", number, "locations", "global", "workloadIdentityPools", pool, "providers", id] => {
                if !is_project_number(number) {
                    return Err(wrong("use the project number, not the project id").hint(format!(
                        "find the number: gcloud projects describe {} --format='value(projectNumber)'",
                        if is_project_id(number) { number } else { "PROJECT" }
                    )));
                }
                if !is_id(pool) || !is_id(id) {
                    let why = "the ids of pool and provider have lower-case letters, digits and hyphens, 32 at most";
                    return Err(wrong(why).hint(FORM));
                }
                Ok(Self { number: number.into(), pool: pool.into(), id: id.into() })
            }
            ["projects", project, "locations", "global", "workloadIdentityPools", pool] if is_id(pool) => {
                let list = format!(
                    "list its providers: gcloud iam workload-identity-pools providers list \
                     --workload-identity-pool=projects/{}/locations/global/workloadIdentityPools/{pool}",
                    if is_project_number(project) || is_project_id(project) { project } else { "PROJECT" }
                );
                Err(wrong("it names a pool, not one of its providers").hint(FORM).hint(list))
            }
            ["locations", _, "workforcePools", ..] => {
                Err(wrong("a workforce pool is for people; a job's token goes to a workload identity pool").hint(FORM))
            }
            ["projects", _, "locations", location, "workloadIdentityPools", ..] if location != "global" => {
                Err(wrong("the location of every workload identity pool is `global`").hint(FORM))
            }
            [_] => Err(wrong("a bare id does not name its project and pool").hint(FORM)),
            _ => Err(wrong("its parts are not those of a provider").hint(FORM)),
        }
    }

    /// The project's number.
    #[must_use]
    pub fn project_number(&self) -> &str {
        &self.number
    }

    /// The pool's id.
    #[must_use]
    pub fn pool(&self) -> &str {
        &self.pool
    }

    /// The provider's id within its pool.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The pool's full resource name.
    #[must_use]
    pub fn pool_resource(&self) -> String {
        format!("projects/{}/locations/global/workloadIdentityPools/{}", self.number, self.pool)
    }

    /// The provider's full resource name, which gcloud accepts too. gcloud does not accept a project's number as
    /// `--project`.
    #[must_use]
    pub fn resource(&self) -> String {
        format!("{}/providers/{}", self.pool_resource(), self.id)
    }

    /// The parts of the name, for a report.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("provider {} of pool {}, project {}", self.id, self.pool, self.number)
    }

    /// The pool's name in IAM principals. The host is `iam.googleapis.com` in every universe.
    #[must_use]
    pub fn pool_name(&self) -> String {
        format!("iam.googleapis.com/{}", self.pool_resource())
    }

    /// The audience for STS.
    #[must_use]
    pub fn audience(&self) -> String {
        format!("//iam.googleapis.com/{}", self.resource())
    }
}

/// The name after `//iam.googleapis.com/`, with or without `https:`.
fn without_host<'t>(text: &'t str, universe: &UniverseDomain) -> Result<&'t str, &'static str> {
    if text.starts_with("principal://") || text.starts_with("principalSet://") {
        return Err("it is a member, as IAM's policies have it");
    }
    let after_scheme = text.strip_prefix("https:").unwrap_or(text);
    let Some(rest) = after_scheme.strip_prefix("//") else {
        return if after_scheme == text { Ok(text.strip_prefix('/').unwrap_or(text)) } else { Err("it is an address") };
    };
    let (host, name) = rest.split_once('/').ok_or("it is only a host")?;
    if host == "iam.googleapis.com" || host.strip_prefix("iam.") == Some(universe.as_str()) {
        // The form on the provider's page in the REST reference.
        return Ok(name.strip_prefix("v1/").unwrap_or(name));
    }
    Err(if host.starts_with("iam.") {
        "it is of another universe than that of --universe-domain"
    } else {
        "its host is not that of IAM"
    })
}

fn is_project_number(text: &str) -> bool {
    (1..=19).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is a project id: 6 to 30 lower-case letters, digits and hyphens, with a letter first and no
/// hyphen last (<https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects>).
pub(super) fn is_project_id(text: &str) -> bool {
    (6..=30).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether the text is a valid id. Google requires at least four characters, and reports that itself.
fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "projects/123456/locations/global/workloadIdentityPools/ci-pool/providers/semaphore";

    fn parse(text: &str) -> Result<Provider, Usage> {
        Provider::parse("--provider", text, &UniverseDomain::default())
    }

    #[test]
    fn a_name_is_read_with_and_without_its_host() {
        let prefixes =
            ["", "/", "//iam.googleapis.com/", "https://iam.googleapis.com/", "https://iam.googleapis.com/v1/"];
        for prefix in prefixes {
            let provider = parse(&format!("{prefix}{NAME}")).unwrap();
            assert_eq!(provider.audience(), format!("//iam.googleapis.com/{NAME}"), "{prefix}");
        }
        assert_eq!(parse(&format!("{NAME}/")).unwrap(), parse(NAME).unwrap());
    }

    #[test]
    fn another_universe_is_normalised_where_it_is_the_one_that_was_named() {
        let other = UniverseDomain::parse("--universe-domain", "apis-s3ns.fr").unwrap();
        let text = format!("//iam.apis-s3ns.fr/{NAME}");
        assert_eq!(
            Provider::parse("--provider", &text, &other).unwrap().audience(),
            format!("//iam.googleapis.com/{NAME}")
        );
        assert!(parse(&text).unwrap_err().to_string().contains("another universe than that of --universe-domain"));
    }

    #[test]
    fn what_is_no_provider_is_told_why() {
        let pool = NAME.split_once("/providers").unwrap().0;
        for (text, why) in [
            (NAME.replace("123456", "my-project").as_str(), "use the project number"),
            (NAME.replace("123456", "$PROJECT_ID").as_str(), "use the project number"),
            (NAME.replace("123456", "").as_str(), "use the project number"),
            (pool, "it names a pool, not one of its providers"),
            ("semaphore", "a bare id does not name its project"),
            ("", "a bare id does not name its project"),
            (NAME.replace("global", "europe-west1").as_str(), "the location of every workload identity pool"),
            ("locations/global/workforcePools/staff/providers/okta", "a workforce pool is for people"),
            (NAME.replace("semaphore", "Semaphore").as_str(), "the ids of pool and provider have"),
            (NAME.replace("ci-pool", "a b").as_str(), "the ids of pool and provider have"),
            (&format!("https:{NAME}"), "it is an address"),
            (&format!("//sts.googleapis.com/{NAME}"), "its host is not that of IAM"),
            (&format!("principalSet://iam.googleapis.com/{pool}/*"), "it is a member"),
            (&format!("{NAME}/keys/1"), "its parts are not those of a provider"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic_and_what_it_takes_is_plain(text in "(https:)?(//iam.googleapis.com/)?.{0,90}") {
            if let Ok(provider) = parse(&text) {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-".contains(&byte);
                proptest::prop_assert!(provider.audience().bytes().all(plain));
            }
        }
    }
}
