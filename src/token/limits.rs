//! What of the token is more, or other, than a cloud takes, whoever its rules let in.

use reqwest::Url;
use serde_json::Value;

use super::algorithm::{AWS_TAKES, GOOGLE_TAKES};
use super::job::Job;
use crate::aws::chain::is_tag;
use crate::aws::exchange::LONGEST_TOKEN;
use crate::google::provider::LONGEST_SUBJECT;
use crate::subject::SubjectToken;
use crate::subject::claims::SESSION_TAGS;

/// A limit that the token breaks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// Whose.
    pub(super) cloud: &'static str,
    /// What breaks it, and what to do.
    pub(super) what: String,
}

/// The limits that the token breaks. Its times are told elsewhere.
pub(super) fn broken(token: &SubjectToken, job: Job) -> Vec<Limit> {
    let aws = aws(token).into_iter().map(|what| Limit { cloud: "AWS", what });
    let google = google(token, job).into_iter().map(|what| Limit { cloud: "Google", what });
    aws.chain(google).collect()
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html>.
fn aws(token: &SubjectToken) -> Vec<String> {
    let claims = token.claims();
    let mut broken = Vec::new();
    let length = token.jwt().reveal().len();
    if length > LONGEST_TOKEN {
        broken.push(format!("the token has {length} characters; AWS STS takes at most {LONGEST_TOKEN}"));
    }
    let alg = token.header().alg.as_deref().unwrap_or("(none)");
    if !AWS_TAKES.contains(&alg) {
        broken.push(format!("signed with {alg}; AWS STS takes {}", AWS_TAKES.join(", ")));
    }
    if let Some(url) = claims.text("iss").and_then(|iss| Url::parse(iss).ok())
        && (url.scheme() != "https" || url.port().is_some() || url.query().is_some())
    {
        broken.push("an issuer's address there is https, without a port and a query".into());
    }
    for name in ["iat", "nbf", "exp"] {
        if claims.get(name).is_some_and(|value| value.as_i64().is_none()) {
            broken.push(format!("`{name}` is not a whole number of seconds"));
        }
    }
    if let Some(tags) = claims.get(SESSION_TAGS) {
        broken.extend(session_tags(tags));
    }
    broken
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp>
fn session_tags(claim: &Value) -> Vec<String> {
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html>
    const LONGEST_VALUE: usize = 256;
    let Some(tags) = claim.get("principal_tags").and_then(Value::as_object) else {
        return vec!["the session tags have no object `principal_tags`".into()];
    };
    let fault = |(name, values): (&String, &Value)| {
        let Some([Value::String(value)]) = values.as_array().map(Vec::as_slice) else {
            return Some(format!("the session tag {name} is not a list of one text"));
        };
        if value.chars().count() > LONGEST_VALUE {
            return Some(format!("the session tag {name} is longer than {LONGEST_VALUE} characters"));
        }
        let bad = value.chars().find(|c| !is_tag(*c))?;
        let bad = if bad.is_control() { "a control character".to_owned() } else { format!("{bad:?}") };
        Some(format!(
            "the session tag {name} holds {bad}, and a tag takes letters, digits, blanks and _.:/=+-@ alone: AWS STS refuses the token for it"
        ))
    };
    tags.iter().filter_map(fault).collect()
}

/// <https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>
fn google(token: &SubjectToken, job: Job) -> Vec<String> {
    let claims = token.claims();
    let header = token.header();
    let mut broken = Vec::new();
    let alg = header.alg.as_deref().unwrap_or("(none)");
    if !GOOGLE_TAKES.contains(&alg) {
        broken.push(format!("signed with {alg}; Google STS takes {}", GOOGLE_TAKES.join(" and ")));
    }
    if header.kid.is_none() {
        broken.push("the header names no key (kid)".into());
    }
    let bytes = |name: &str| claims.text(name).map_or(0, str::len);
    let (sub, short) = (bytes("sub"), bytes("sub127"));
    if sub > LONGEST_SUBJECT {
        let instead = match short {
            0 if job.of_semaphore => "map another claim, prj_id for one",
            0 => "map another claim, or a part of it",
            short if short > LONGEST_SUBJECT => "and sub127 is no help: map prj_id, for one",
            _ => "map assertion.sub127",
        };
        broken.push(format!(
            "sub has {sub} bytes, and google.subject may have {LONGEST_SUBJECT}: a mapping with assertion.sub fails; {instead}"
        ));
    }
    if short > LONGEST_SUBJECT {
        broken.push(format!("sub127 has {short} bytes: it is cut to 127 characters, and Google counts bytes"));
    }
    broken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tag_must_be_one_that_aws_takes() {
        let fault = |tags: Value| session_tags(&json!({ "principal_tags": tags }));
        assert!(fault(json!({ "branch": ["a/b-c_d.e:f=g+h@i j"], "pr_branch": [""], "größe": ["ü"] })).is_empty());
        let found = fault(json!({ "branch": ["fix#1"] }));
        assert!(found[0].starts_with("the session tag branch holds '#', and a tag takes letters"), "{found:?}");
        assert!(fault(json!({ "branch": ["a\u{1}"] }))[0].contains("holds a control character"));
        assert!(fault(json!({ "branch": ["x".repeat(257)] }))[0].contains("longer than 256"));
        for odd in [json!("x"), json!([]), json!(["a", "b"]), json!([3])] {
            assert!(fault(json!({ "branch": odd }))[0].ends_with("is not a list of one text"));
        }
        assert_eq!(session_tags(&json!("x")), ["the session tags have no object `principal_tags`"]);
    }
}
