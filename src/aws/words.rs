//! A request as command-line options, for a later run with the same request.

use super::Request;
use crate::registry::Renewal;

/// The options for the roles and the session: all of a request except its policy, which the caller stores in a file.
pub(super) fn options(request: &Request) -> Vec<String> {
    let mut words = Vec::new();
    let mut option = |name: &str, value: &str| words.extend([format!("--{name}"), value.to_owned()]);
    option("role-arn", request.role.as_str());
    option("role-session-name", request.session_name.as_str());
    option("sts-region", request.sts_region.as_str());
    if let Some(duration) = request.duration {
        option("duration", &duration.seconds().to_string());
    }
    request.policy_arns.iter().for_each(|arn| option("policy-arn", arn.as_str()));
    let with_id = request.chain.iter().rposition(|hop| hop.external_id.is_some()).map_or(0, |last| last + 1);
    for (index, hop) in request.chain.iter().enumerate() {
        option("chain-role-arn", hop.role.as_str());
        if index < with_id {
            option("external-id", hop.external_id.as_ref().map_or("", |id| id.as_str()));
        }
    }
    if let Some(identity) = &request.source_identity {
        option("source-identity", identity.as_str());
    }
    request.tags.iter().for_each(|tag| option("session-tag", &format!("{}={}", tag.key, tag.value)));
    request.guard.allowed.iter().for_each(|account| option("allowed-account-id", account.as_str()));
    words.extend(request.guard.verify.then(|| "--verify".to_owned()));
    words
}

/// The command line that gets the password of the registry `server` again.
pub(super) fn renewal(request: &Request, server: &str) -> Renewal {
    let mut words = vec!["aws".to_owned(), "--registry".into(), server.to_owned()];
    words.extend(options(request));
    if let Some(policy) = &request.policy {
        words.extend(["--policy".into(), policy.as_str().to_owned()]);
    }
    Renewal(words)
}
