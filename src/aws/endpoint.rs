//! The endpoint of AWS STS.

use hyper::Uri;
use reqwest::Url;

use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

use super::registry::domain_of;
use super::sdk_settings::SdkSettings;
use super::{Region, RoleArn};
use crate::error::Usage;

/// Whether `text` is the address of an endpoint that the SDK can use.
fn is_endpoint(text: &str) -> bool {
    let url = Url::parse(text).is_ok_and(|url| url.has_host() && matches!(url.scheme(), "https" | "http"));
    url && text.parse::<Uri>().is_ok()
}

/// Refuses an endpoint that the SDK cannot use. `origin` is the variable or key that it came from.
///
/// # Errors
/// If `address` is not that of an endpoint.
pub fn check(origin: &str, address: &str) -> Result<(), Usage> {
    if is_endpoint(address) {
        return Ok(());
    }
    Err(Usage::new(format!("{origin} is not an https address"))
        .hint("write it like https://sts.eu-central-1.amazonaws.com"))
}

/// Refuses an invalid endpoint of the configuration file. The variables are checked when the command line is read.
///
/// # Errors
/// As [`check`].
pub(super) fn check_configured(settings: &SdkSettings) -> Result<(), Usage> {
    let url = settings.endpoint_url("STS");
    url.map_or(Ok(()), |url| check("endpoint_url in the AWS configuration file", &url))
}

/// Refuses a region in another partition than the role. Its STS would get the token, and does not know the role. A
/// configured endpoint may be that of a local cloud.
///
/// # Errors
/// If the partitions differ.
pub(super) fn check_partition(region: &Region, role: &RoleArn, settings: &SdkSettings) -> Result<(), Usage> {
    let own = role.partition();
    match region.partition() {
        Some(other) if other != own && settings.endpoint_url("STS").is_none() && Region::of_partition(own).is_ok() => {
            let name = region.as_str();
            Err(Usage::new(format!("{name} is a region of the partition {other}, and the role is in {own}"))
                .hint("name a region of the role's partition; --sts-region names it for STS alone"))
        }
        _ => Ok(()),
    }
}

/// The endpoint of calls in `region` with these settings. If the settings need the SDK's rules, the rules read a table
/// of all partitions. That is a tenth of the work of an exchange. Without FIPS and dual-stack endpoints the result is
/// the same.
///
/// # Errors
/// The rules' message, if no endpoint fits the settings.
pub(super) async fn endpoint(region: &Region, settings: &SdkSettings) -> Result<String, String> {
    let (fips, dual_stack) = (settings.use_fips(), settings.use_dual_stack());
    let url = settings.endpoint_url("STS");
    if fips != Some(true) && dual_stack != Some(true) {
        return Ok(url.unwrap_or_else(|| of_region(region).0));
    }
    let parameters = Params::builder().region(region.as_str()).set_endpoint(url);
    let parameters = parameters.set_use_fips(fips).set_use_dual_stack(dual_stack).build();
    let parameters = parameters.map_err(|error| error.to_string())?;
    let found = DefaultResolver::new().resolve_endpoint(&parameters).await;
    found.map(|found| found.url().to_owned()).map_err(|error| error.to_string())
}

/// The endpoint of AWS STS in `region`, and the region of its signatures. The SDK's rules give the same.
pub(super) fn of_region(region: &Region) -> (String, &str) {
    match region.as_str() {
        "aws-global" => ("https://sts.amazonaws.com".into(), "us-east-1"),
        name => (format!("https://sts.{name}.{}", domain_of(region)), name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_host_is_the_one_that_the_sdk_finds() {
        let rules = DefaultResolver::new();
        for name in [
            "us-east-1",
            "us-west-2",
            "eu-west-1",
            "eu-central-2",
            "ap-southeast-7",
            "mx-central-1",
            "il-central-1",
            "me-south-1",
            "af-south-1",
            "sa-east-1",
            "ca-west-1",
            "cn-north-1",
            "cn-northwest-1",
            "us-gov-east-1",
            "us-gov-west-1",
            "us-iso-east-1",
            "us-iso-west-1",
            "us-isob-east-1",
            "us-isob-west-1",
            "eu-isoe-west-1",
            "us-isof-south-1",
            "us-isof-east-1",
            "eusc-de-east-1",
            "aws-global",
            "zz-nowhere-9",
        ] {
            let region = Region::parse("--region", name).unwrap();
            let found = rules.resolve_endpoint(&Params::builder().region(name).build().unwrap()).await.unwrap();
            let signed_for = found.auth_schemes().first().and_then(|scheme| scheme.get("signingRegion")?.as_string());
            assert_eq!(of_region(&region), (found.url().to_owned(), signed_for.unwrap_or(name)), "{name}");
        }
    }
}
