//! The host names of Amazon ECR
//! (<https://docs.aws.amazon.com/general/latest/gr/ecr.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html>).

use crate::aws::{AccountId, Region};
use crate::error::Usage;
use crate::registry::host_name;

/// The host name of an Amazon ECR registry. A signed request for its password is sent only to the host of this name, or
/// to a variable's host.
///
/// ```
/// use oidc_exchange::aws::registry::EcrHost;
///
/// let host = EcrHost::parse("--registry", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com")?;
/// assert_eq!(host.api_host(), "api.ecr-fips.us-gov-west-1.amazonaws.com");
/// assert_eq!((host.region(), host.partition()), ("us-gov-west-1", "aws-us-gov"));
/// assert!(EcrHost::parse("--registry", "12345678901.dkr.ecr.eu-west-1.amazonaws.com").is_err());
/// # Ok::<(), oidc_exchange::error::Usage>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcrHost {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Private { region: Region, fips: bool, dual_stack: bool, domain: &'static Domain },
    Public { dual_stack: bool },
}

/// The domains of a partition.
#[derive(Debug, PartialEq, Eq)]
struct Domain {
    /// The start of its regions' names; empty for the default partition.
    regions: &'static str,
    partition: &'static str,
    /// The domain after the region, for registries and the API.
    plain: &'static str,
    /// The domains after the region for dual-stack registries and for their API; `None` if there are none.
    dual_stack: Option<(&'static str, &'static str)>,
}

const AWS: (&str, Option<(&str, &str)>) = ("amazonaws.com", Some(("on.aws", "api.aws")));

/// The first matching entry applies to a region.
const DOMAINS: [Domain; 8] = [
    Domain {
        regions: "cn-",
        partition: "aws-cn",
        plain: "amazonaws.com.cn",
        dual_stack: Some(("on.amazonwebservices.com.cn", "api.amazonwebservices.com.cn")),
    },
    Domain {
        regions: "eusc-",
        partition: "aws-eusc",
        plain: "amazonaws.eu",
        dual_stack: Some(("on.amazonwebservices.eu", "api.amazonwebservices.eu")),
    },
    Domain { regions: "us-isob-", partition: "aws-iso-b", plain: "sc2s.sgov.gov", dual_stack: None },
    Domain { regions: "us-isof-", partition: "aws-iso-f", plain: "csp.hci.ic.gov", dual_stack: None },
    Domain { regions: "eu-isoe-", partition: "aws-iso-e", plain: "cloud.adc-e.uk", dual_stack: None },
    Domain { regions: "us-iso-", partition: "aws-iso", plain: "c2s.ic.gov", dual_stack: None },
    Domain { regions: "us-gov-", partition: "aws-us-gov", plain: AWS.0, dual_stack: AWS.1 },
    Domain { regions: "", partition: "aws", plain: AWS.0, dual_stack: AWS.1 },
];

/// The domain of AWS's services in `region`, as in `sts.eu-west-1.amazonaws.com`.
pub(in crate::aws) fn domain_of(region: &Region) -> &'static str {
    DOMAINS.iter().find(|domain| region.as_str().starts_with(domain.regions)).map_or(AWS.0, |domain| domain.plain)
}

const PUBLIC: &str = "public.ecr.aws";
const PUBLIC_DUAL_STACK: &str = "ecr-public.aws.com";
const EXAMPLE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

impl EcrHost {
    /// Parses a registry's host name. `option` is the option that it came from.
    ///
    /// # Errors
    /// If it is not exactly the name of an Amazon ECR registry. Examples: a scheme, a path, a wildcard, a port,
    /// another service, an account that is not twelve digits.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let name = host_name(option, text, EXAMPLE, is_registry)?;
        Ok(Self { name: name.to_owned(), kind: kind(option, name)? })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Whether it is Amazon ECR Public.
    #[must_use]
    pub fn is_public(&self) -> bool {
        matches!(self.kind, Kind::Public { .. })
    }

    /// The region of the API that returns its password.
    #[must_use]
    pub fn region(&self) -> &str {
        match &self.kind {
            Kind::Private { region, .. } => region.as_str(),
            Kind::Public { .. } => "us-east-1",
        }
    }

    /// The partition, as in ARNs.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match &self.kind {
            Kind::Private { domain, .. } => domain.partition,
            Kind::Public { .. } => "aws",
        }
    }

    /// The host of that API.
    #[must_use]
    pub fn api_host(&self) -> String {
        match &self.kind {
            Kind::Private { region, fips, dual_stack, domain } => {
                let (fips, region) = (if *fips { "-fips" } else { "" }, region.as_str());
                match domain.dual_stack.filter(|_| *dual_stack) {
                    Some((_, api)) => format!("ecr{fips}.{region}.{api}"),
                    None => format!("api.ecr{fips}.{region}.{}", domain.plain),
                }
            }
            Kind::Public { dual_stack: false } => "api.ecr-public.us-east-1.amazonaws.com".into(),
            Kind::Public { dual_stack: true } => "ecr-public.us-east-1.api.aws".into(),
        }
    }
}

/// Whether this is exactly the name of an Amazon ECR registry.
pub(in crate::aws) fn is_registry(name: &str) -> bool {
    kind("", name).is_ok()
}

fn kind(option: &str, name: &str) -> Result<Kind, Usage> {
    match name {
        PUBLIC => Ok(Kind::Public { dual_stack: false }),
        PUBLIC_DUAL_STACK => Ok(Kind::Public { dual_stack: true }),
        _ => private(option, name),
    }
}

/// `ACCOUNT.dkr.ecr[-fips].REGION.DOMAIN`, or `ACCOUNT.dkr-ecr[-fips].REGION.DOMAIN` for both versions of IP.
fn private(option: &str, name: &str) -> Result<Kind, Usage> {
    let wrong = |why: &str| {
        Usage::new(format!("{option}: `{name}` is not the name of an Amazon ECR registry: {why}"))
            .hint(format!("write it like {EXAMPLE}: aws ecr describe-repositories shows it in repositoryUri"))
    };
    let Some((account, rest)) = name.split_once('.') else { return Err(wrong("it has one part only")) };
    let (dual_stack, rest) = match (rest.strip_prefix("dkr.ecr"), rest.strip_prefix("dkr-ecr")) {
        (Some(rest), _) => (false, rest),
        (None, Some(rest)) => (true, rest),
        (None, None) => return Err(wrong("after the account comes .dkr.ecr or .dkr-ecr")),
    };
    let (fips, rest) = rest.strip_prefix("-fips").map_or((false, rest), |rest| (true, rest));
    let Some((region, domain)) = rest.strip_prefix('.').and_then(|rest| rest.split_once('.')) else {
        return Err(wrong("after .dkr.ecr comes the region"));
    };
    if AccountId::new(account).is_none() {
        return Err(wrong("the account is twelve digits"));
    }
    let region = Region::parse(option, region).map_err(|_| wrong("after .dkr.ecr comes the region"))?;
    let known = DOMAINS.iter().find(|domain| region.as_str().starts_with(domain.regions));
    let known = known.ok_or_else(|| wrong("its region is unknown"))?;
    let expected = if dual_stack { known.dual_stack.map(|(registry, _)| registry) } else { Some(known.plain) };
    if expected != Some(domain) {
        return Err(match expected {
            Some(expected) => wrong(&format!("in the region {} its domain is {expected}", region.as_str())),
            None => wrong(&format!("the region {} has no such names: write .dkr.ecr", region.as_str())),
        });
    }
    Ok(Kind::Private { region, fips, dual_stack, domain: known })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names according to botocore's endpoint rules.
    #[test]
    fn a_name_gives_the_host_of_the_api() {
        for (name, api, region, partition) in [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com", "eu-west-1", "aws"),
            (
                "012345678901.dkr.ecr-fips.us-east-2.amazonaws.com",
                "api.ecr-fips.us-east-2.amazonaws.com",
                "us-east-2",
                "aws",
            ),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "ecr.eu-west-1.api.aws", "eu-west-1", "aws"),
            ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "ecr-fips.us-east-1.api.aws", "us-east-1", "aws"),
            (
                "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com",
                "api.ecr.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
                "aws-us-gov",
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "api.ecr.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
                "aws-cn",
            ),
            (
                "123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn",
                "ecr.cn-northwest-1.api.amazonwebservices.com.cn",
                "cn-northwest-1",
                "aws-cn",
            ),
            (
                "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "api.ecr.eusc-de-east-1.amazonaws.eu",
                "eusc-de-east-1",
                "aws-eusc",
            ),
            (
                "123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu",
                "ecr.eusc-de-east-1.api.amazonwebservices.eu",
                "eusc-de-east-1",
                "aws-eusc",
            ),
            (
                "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
                "api.ecr.us-iso-east-1.c2s.ic.gov",
                "us-iso-east-1",
                "aws-iso",
            ),
            (
                "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
                "api.ecr.us-isob-east-1.sc2s.sgov.gov",
                "us-isob-east-1",
                "aws-iso-b",
            ),
            (
                "123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
                "api.ecr.eu-isoe-west-1.cloud.adc-e.uk",
                "eu-isoe-west-1",
                "aws-iso-e",
            ),
            (
                "123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
                "api.ecr.us-isof-south-1.csp.hci.ic.gov",
                "us-isof-south-1",
                "aws-iso-f",
            ),
            ("public.ecr.aws", "api.ecr-public.us-east-1.amazonaws.com", "us-east-1", "aws"),
            ("ecr-public.aws.com", "ecr-public.us-east-1.api.aws", "us-east-1", "aws"),
        ] {
            let host = EcrHost::parse("--registry", name).unwrap();
            assert_eq!((host.api_host().as_str(), host.region(), host.partition()), (api, region, partition), "{name}");
            assert_eq!(host.as_str(), name);
        }
    }

    #[test]
    fn no_other_name_is_a_registrys() {
        for name in [
            "",
            "amazonaws.com",
            "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
            "1234567890123.dkr.ecr.eu-west-1.amazonaws.com",
            "1234-5678-9012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
            "123456789012.dkr.ecr.eu-west-1.evil.example",
            "123456789012.dkr.ecr.evil.example.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.on.aws",
            "123456789012.dkr-ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr-ecr.us-iso-east-1.c2s.ic.gov",
            "123456789012.dkr.ecrx.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr-fipsx.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.amazonaws.com",
            "123456789012.dkr.ecr..amazonaws.com",
            "api.ecr.eu-west-1.amazonaws.com",
            "www.public.ecr.aws",
            "public.ecr.aws.evil.example",
            "evilpublic.ecr.aws",
            "europe-docker.pkg.dev",
            "gcr.io",
            "acme.azurecr.io",
            "docker.io",
            "localhost",
            "127.0.0.1",
        ] {
            assert!(EcrHost::parse("--registry", name).is_err(), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_signed_request_goes_to_aws_alone(name in "[0-9]{11,13}[.]dkr[.-]ecr(-fips)?[.][a-z0-9.-]{0,40}(amazonaws[.]com|on[.]aws|[.]evil)?") {
            if let Ok(host) = EcrHost::parse("--registry", &name) {
                let api = host.api_host();
                proptest::prop_assert!(api.ends_with(".amazonaws.com") || api.ends_with(".api.aws"), "{}", api);
                proptest::prop_assert!(api.contains(host.region()));
            }
        }
    }
}
