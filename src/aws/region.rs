//! Regions.

use crate::error::Usage;

/// A region's name, which becomes part of a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region(String);

impl Region {
    /// Parses a region's name: lower-case letters, digits and hyphens. Old SDKs had regions such as `fips-us-east-1`;
    /// no host is called so.
    ///
    /// # Errors
    /// If it is something else. `origin` is the option or variable that it came from.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        let name = text.strip_prefix("fips-").or_else(|| text.strip_suffix("-fips"));
        if let Some(name) = name {
            return Err(Usage::new(format!("{origin}: `{text}` is not a region's name"))
                .hint(format!("write {name}, and set AWS_USE_FIPS_ENDPOINT=true")));
        }
        let label = (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        if label && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{origin}: `{text}` is not a region's name")).hint("write it like eu-central-1"))
    }

    /// The default region of STS in `partition`: the region that hosts the partition's IAM.
    ///
    /// # Errors
    /// If the partition is not known.
    pub fn of_partition(partition: &str) -> Result<Self, Usage> {
        let region = match partition {
            "aws" => "us-east-1",
            "aws-cn" => "cn-north-1",
            "aws-us-gov" => "us-gov-west-1",
            "aws-iso" => "us-iso-east-1",
            "aws-iso-b" => "us-isob-east-1",
            "aws-iso-e" => "eu-isoe-west-1",
            "aws-iso-f" => "us-isof-south-1",
            "aws-eusc" => "eusc-de-east-1",
            other => {
                return Err(Usage::new(format!("no region is known for the partition `{other}`"))
                    .hint("name one with --region or AWS_REGION"));
            }
        };
        Ok(Self(region.to_owned()))
    }

    /// The partition of the region, by its name:
    /// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>. `None` if the
    /// name has an unknown form.
    #[must_use]
    pub fn partition(&self) -> Option<&'static str> {
        const ELSEWHERE: [(&str, &str); 7] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        const COMMERCIAL: [&str; 9] = ["us-", "eu-", "ap-", "ca-", "sa-", "me-", "af-", "il-", "mx-"];
        let known = ELSEWHERE.iter().find(|(prefix, _)| self.0.starts_with(prefix)).map(|(_, partition)| *partition);
        known.or_else(|| COMMERCIAL.iter().any(|prefix| self.0.starts_with(prefix)).then_some("aws"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_that_of_its_own_regions() {
        for partition in ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"] {
            assert_eq!(Region::of_partition(partition).unwrap().partition(), Some(partition));
        }
        let of = |name: &str| Region::parse("", name).unwrap().partition();
        assert_eq!((of("eu-central-1"), of("us-east-1"), of("moon-1")), (Some("aws"), Some("aws"), None));
    }

    #[test]
    fn a_region_is_a_host_label() {
        assert!(Region::parse("--region", "eu-central-1").is_ok());
        for bad in ["", "EU", "eu central", "eu.central", "-eu", "evil.example/", "a@b"] {
            assert!(Region::parse("--region", bad).is_err(), "{bad}");
        }
    }
}
