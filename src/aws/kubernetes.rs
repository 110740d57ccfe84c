//! Makes tokens for EKS clusters. A token is a presigned `GetCallerIdentity` request. The cluster's authenticator
//! sends it to AWS STS to learn who made it
//! (<https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go>).

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::endpoint::of_region;
use super::signature::Signer;
use super::{Credentials, Region, Request};
use crate::cloud::{ExecVersion, exec_credential};
use crate::error::{Error, Exit, Report, Usage};
use crate::secret::Secret;

/// The name of an EKS cluster, which is part of the signed request.
///
/// ```
/// use oidc_exchange::aws::ClusterName;
///
/// assert!(ClusterName::parse("--eks-cluster", "production-1").is_ok());
/// assert!(ClusterName::parse("--eks-cluster", "arn:aws:eks:eu-west-1:123456789012:cluster/production").is_err());
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct ClusterName(String);

impl ClusterName {
    /// Parses a cluster's name, or the id of a local cluster on Outposts.
    ///
    /// # Errors
    /// If it is invalid (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>).
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        const LONGEST: usize = 100;
        let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if begins && rest && text.len() <= LONGEST {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(2 * LONGEST).collect();
        let wrong = Usage::new(format!("{option}: `{shown}` is not the name of an EKS cluster"));
        Err(if text.starts_with("arn:") {
            wrong.hint("write only the name: the part of the ARN after `cluster/`")
        } else {
            wrong
                .hint("a name has up to 100 letters, digits, - and _, and begins with a letter or a digit")
                .hint("aws eks list-clusters prints the names")
        })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The request for a cluster's token, in the format for a Kubernetes client.
#[derive(Debug, PartialEq, Eq)]
pub struct Eks {
    /// The cluster.
    pub cluster: ClusterName,
    /// The version of the output.
    pub version: ExecVersion,
}

/// How long AWS STS accepts a presigned request. A cluster accepts it for 15 minutes after its date, for any expiry
/// in it.
const LIFE: Duration = Duration::from_mins(14);

/// The output for a client, made at `now` from the `session` that was exchanged for `request`.
///
/// # Errors
/// If the token is longer than a cluster accepts, or cannot be made.
pub(super) fn answer(eks: &Eks, request: &Request, session: &Credentials, now: SystemTime) -> Result<Secret, Error> {
    let token = token(&eks.cluster, &request.sts_region, session, now)?;
    let expires = session.expiration.min(now + LIFE);
    Ok(exec_credential(eks.version, &token, Some(expires))?)
}

fn token(cluster: &ClusterName, region: &Region, session: &Credentials, now: SystemTime) -> Result<Secret, Error> {
    /// `maxTokenLenBytes` of the authenticator.
    const LONGEST: usize = 4096;
    /// Authenticators before version 0.3.1 accept no longer expiry.
    const NAMED_LIFE: Duration = Duration::from_mins(1);
    // A cluster sends the request to no other host, for any variables of this job.
    let (host, region) = of_region(region);
    let url = format!("{host}/?Action=GetCallerIdentity&Version=2011-06-15");
    let name = HeaderValue::from_str(cluster.as_str()).map_err(|error| failed(&error))?;
    let headers = HeaderMap::from_iter([(HeaderName::from_static("x-k8s-aws-id"), name)]);
    let signer = Signer { credentials: session, region, service: "sts", time: now };
    let address = signer.presigned(&url, &headers, NAMED_LIFE).map_err(|error| failed(&error))?;
    let token = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(address.reveal()));
    if token.len() > LONGEST {
        let lengths = format!(
            "it has {} bytes; AWS's session token in it has {}",
            token.len(),
            session.session_token.reveal().len()
        );
        let report = Report::new(format!("the token is too long for an EKS cluster, which accepts {LONGEST} bytes"))
            .fact("found", vec![lengths])
            .hints([
                "make AWS's session token shorter: leave out --policy, --policy-arn and --session-tag".into(),
                "session tags in the job's token count too: `oidc-exchange token` shows them".into(),
            ]);
        return Err(Error::new(Exit::Refused, report));
    }
    Ok(Secret::new(token))
}

fn failed(why: &dyn std::fmt::Display) -> Error {
    Error::new(Exit::Bug, Report::new(format!("the token for the EKS cluster cannot be made: {why}")))
}
