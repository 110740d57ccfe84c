//! Checks a token like aws-iam-authenticator, with its order and messages:
//! <https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go>.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::client;

pub(super) struct Eks<'a> {
    pub(super) cluster: &'a str,
    pub(super) sts: &'a str,
    pub(super) roots: &'a [String],
}

const LONGEST: usize = 1024 * 4;
const PREFIX: &str = "k8s-aws-v1.";
const LIFE: Duration = Duration::from_mins(15);
const PARAMETERS: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

impl Eks<'_> {
    /// The ARN of the session that made the token.
    pub(super) async fn user(&self, token: &str) -> Result<String, String> {
        let address = address(token)?;
        let (host, query) = checked(&address)?;
        // The real authenticator calls the host in the token. The sandbox has no connection to it.
        let headers = [("host", host), ("x-k8s-aws-id", self.cluster), ("accept", "application/json")];
        let answer = client::get(&format!("{}/?{query}", self.sts), &headers, self.roots).await;
        let answer = answer.map_err(|error| format!("error from AWS: {error}"))?;
        let answer = String::from_utf8_lossy(&answer);
        let arn = answer.split_once("<Arn>").and_then(|(_, rest)| rest.split_once("</Arn>"));
        arn.map(|(arn, _)| arn.to_owned()).ok_or_else(|| "no ARN in the answer".into())
    }
}

fn address(token: &str) -> Result<String, String> {
    if token.len() > LONGEST {
        return Err("token is too large".into());
    }
    let encoded = token.strip_prefix(PREFIX).ok_or("token is missing expected \"k8s-aws-v1.\" prefix")?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// The host and the query of a presigned `GetCallerIdentity` address, which may contain nothing else.
fn checked(address: &str) -> Result<(&str, &str), String> {
    let (scheme, rest) = address.split_once("://").ok_or("no scheme")?;
    if scheme != "https" {
        return Err(format!("unexpected scheme {scheme:?} in pre-signed URL"));
    }
    let (host, rest) = rest.split_once('/').ok_or("unexpected path in pre-signed URL")?;
    if !is_sts(host) {
        return Err(format!("unexpected hostname {host:?} in pre-signed URL"));
    }
    let query = rest.strip_prefix('?').ok_or("unexpected path in pre-signed URL")?;
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let name = name.to_lowercase();
        if !PARAMETERS.contains(&name.as_str()) {
            return Err(format!("non-whitelisted query parameter {name:?}"));
        }
        if found.iter().any(|(known, _)| *known == name) {
            return Err("query parameter with multiple values not supported".into());
        }
        found.push((name, value.into_owned()));
    }
    let value = |name: &str| found.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
    if value("action") != "GetCallerIdentity" {
        return Err("unexpected action parameter in pre-signed URL".into());
    }
    if !value("x-amz-signedheaders").split(';').any(|header| header.eq_ignore_ascii_case("x-k8s-aws-id")) {
        return Err("client did not sign the x-k8s-aws-id header in the pre-signed URL".into());
    }
    if !value("x-amz-expires").parse::<u16>().is_ok_and(|seconds| seconds <= 900) {
        return Err(format!("invalid X-Amz-Expires parameter in pre-signed URL: {}", value("x-amz-expires")));
    }
    let signed = time_of(value("x-amz-date")).ok_or("error parsing X-Amz-Date parameter")?;
    if SystemTime::now() > signed + LIFE {
        return Err("X-Amz-Date parameter is expired (15 minute expiration)".into());
    }
    Ok((host, query))
}

/// Whether the host is AWS STS of the partition `aws`: global, or of a region, with or without FIPS and IPv6.
fn is_sts(host: &str) -> bool {
    let is_region = |region: &str| {
        region.contains('-')
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let regional = |host: &str| {
        let host = host.strip_prefix("sts.").or_else(|| host.strip_prefix("sts-fips."));
        let region =
            host.and_then(|host| host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".api.aws")));
        region.is_some_and(is_region)
    };
    host == "sts.amazonaws.com" || regional(host)
}

fn time_of(date: &str) -> Option<SystemTime> {
    let (day, time) = date.strip_suffix('Z')?.split_once('T')?;
    if day.len() != 8 || time.len() != 6 || !day.bytes().chain(time.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let written = format!("{}-{}-{}T{}:{}:{}Z", &day[..4], &day[4..6], &day[6..], &time[..2], &time[2..4], &time[4..]);
    humantime::parse_rfc3339(&written).ok()
}
