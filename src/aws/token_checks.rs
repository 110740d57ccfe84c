//! The tokens that AWS STS accepts, and its answers to others, independently of trust policies.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>

use reqwest::Url;
use serde_json::Value;

use super::chain::is_tag;
use super::exchange::LONGEST_TOKEN;
use crate::cloud::{Reaction, TokenFault};
use crate::subject::SubjectToken;
use crate::subject::claims::SESSION_TAGS;

/// The signature algorithms that it accepts.
const ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// Its reaction to a fault:
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>.
pub(super) fn reaction(fault: TokenFault<'_>) -> Reaction {
    match fault {
        TokenFault::NoIssuer | TokenFault::IssuerInClear => {
            Reaction::says("InvalidIdentityToken: No OpenIDConnect provider found in your account for …")
        }
        TokenFault::NoDiscovery | TokenFault::NoList | TokenFault::NoKeys | TokenFault::KeyNotPublished => {
            Reaction::says("InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …")
        }
        TokenFault::NoKeyNamed
        | TokenFault::WrongSignature
        | TokenFault::UnsoundAlgorithm(_)
        | TokenFault::NoTime
        | TokenFault::OddTime => Reaction::says("InvalidIdentityToken: …"),
        TokenFault::Expired | TokenFault::JustExpired => Reaction::says(
            "ExpiredTokenException: Token expired: current date/time … must be before the expiration date/time …",
        ),
        TokenFault::TooOld => Reaction::says("ExpiredTokenException: Token too old: …"),
        TokenFault::NoSubject => Reaction::says("InvalidIdentityToken: Missing a required claim: sub"),
        TokenFault::NoAudience => Reaction::says("InvalidIdentityToken: Missing a required claim: aud"),
        TokenFault::UnlistedAlgorithm(_) | TokenFault::IssuedLater | TokenFault::NotYetValid => Reaction::Ignores,
    }
}

/// The limits that the token exceeds:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html>.
pub(super) fn limits(token: &SubjectToken) -> Vec<String> {
    let claims = token.claims();
    let mut broken = Vec::new();
    let length = token.jwt().reveal().len();
    if length > LONGEST_TOKEN {
        broken.push(format!("the token has {length} characters; AWS STS accepts at most {LONGEST_TOKEN}"));
    }
    let alg = token.header().alg.as_deref().unwrap_or("(none)");
    if !ALGORITHMS.contains(&alg) {
        broken.push(format!("signed with {alg}; AWS STS accepts {}", ALGORITHMS.join(", ")));
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
            "the session tag {name} contains {bad}, so AWS STS refuses the token: use only letters, digits, spaces and _.:/=+-@ in tags"
        ))
    };
    tags.iter().filter_map(fault).collect()
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
        assert!(found[0].starts_with("the session tag branch contains '#', so AWS STS refuses the token"), "{found:?}");
        assert!(fault(json!({ "branch": ["a\u{1}"] }))[0].contains("contains a control character"));
        assert!(fault(json!({ "branch": ["x".repeat(257)] }))[0].contains("longer than 256"));
        for odd in [json!("x"), json!([]), json!(["a", "b"]), json!([3])] {
            assert!(fault(json!({ "branch": odd }))[0].ends_with("is not a list of one text"));
        }
        assert_eq!(session_tags(&json!("x")), ["the session tags have no object `principal_tags`"]);
    }
}
