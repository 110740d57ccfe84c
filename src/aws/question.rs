//! The cache key of a request to AWS STS: everything that could change the answer.

use std::time::Duration;

use super::{ClusterName, Request};
use crate::cache::{Key, Question};
use crate::cloud::LEAST_LIFE;
use crate::host::Env;
use crate::subject::SubjectToken;

/// The variables from which the SDK reads the endpoint.
const ENDPOINT: [&str; 8] = [
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
];

/// The key under which the credentials for `request` and `token` are kept in this environment; with `cluster`, the
/// token for that cluster.
pub(super) fn key(request: &Request, cluster: Option<&ClusterName>, token: &SubjectToken, env: &Env) -> Key {
    let mut question = Question::new("AWS STS", "aws").renewed(early(request));
    if let Some(cluster) = cluster {
        question = question.renewed(early(request).max(LEAST_LIFE)).remembering_failures();
        question.part("eks-cluster", cluster.as_str());
    }
    question.part("token", token.jwt().reveal());
    question.part("role", request.role.as_str());
    question.part("session", request.session_name.as_str());
    question.part("region", request.sts_region.as_str());
    if let Some(duration) = request.duration {
        question.part("duration", &duration.seconds().to_string());
    }
    if let Some(policy) = &request.policy {
        question.part("policy", policy.as_str());
    }
    request.policy_arns.iter().for_each(|arn| question.part("policy-arn", arn.as_str()));
    for hop in &request.chain {
        question.part("hop", hop.role.as_str());
        question.part("external-id", hop.external_id.as_ref().map_or("", |id| id.as_str()));
    }
    if let Some(identity) = &request.source_identity {
        question.part("source-identity", identity.as_str());
    }
    for tag in &request.tags {
        question.part("tag", &tag.key);
        question.part("tag's value", &tag.value);
    }
    request.guard.allowed.iter().for_each(|account| question.part("account", account.as_str()));
    question.part("verify", if request.guard.verify { "yes" } else { "no" });
    for name in ENDPOINT {
        let value = env.raw(name).unwrap_or_default();
        question.part("endpoint", &value.to_string_lossy());
    }
    question.key()
}

/// How long before their expiry credentials are renewed. botocore requests new ones in each call of the last 15
/// minutes (<https://github.com/boto/botocore/blob/develop/botocore/credentials.py>). In a short session, the last
/// quarter is enough.
fn early(request: &Request) -> Duration {
    const BOTOCORE: Duration = Duration::from_mins(15);
    const USUAL: u64 = 3600;
    let session = request.duration.and_then(|duration| u64::try_from(duration.seconds()).ok()).unwrap_or(USUAL);
    BOTOCORE.min(Duration::from_secs(session) / 4)
}
