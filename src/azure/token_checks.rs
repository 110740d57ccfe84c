//! The tokens that Microsoft Entra accepts, and its answers to others, independently of federated credentials.
//!
//! <https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations>

use serde_json::Value;

use crate::cloud::{Reaction, TokenFault};
use crate::subject::SubjectToken;
use crate::subject::claims::JobKind;

/// The longest issuer, subject and audience of a federated credential, in characters:
/// <https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredential>.
pub(super) const LONGEST: usize = 600;

/// Its reaction to a fault: <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>.
pub(super) fn reaction(fault: TokenFault<'_>) -> Reaction {
    match fault {
        TokenFault::NoDiscovery | TokenFault::NoKeys => {
            Reaction::says("AADSTS90061: Request to External OIDC endpoint failed. …")
        }
        TokenFault::KeyNotPublished | TokenFault::WrongSignature => {
            Reaction::says("AADSTS700027: Client assertion contains an invalid signature. …")
        }
        TokenFault::Expired => Reaction::says("AADSTS700024: Client assertion is not within its valid time range. …"),
        TokenFault::NoIssuer
        | TokenFault::NoSubject
        | TokenFault::NoAudience
        | TokenFault::IssuerInClear
        | TokenFault::NoKeyNamed
        | TokenFault::UnsoundAlgorithm(_)
        | TokenFault::NotYetValid
        | TokenFault::IssuedLater => Reaction::Refuses,
        TokenFault::JustExpired
        | TokenFault::TooOld
        | TokenFault::NoList
        | TokenFault::UnlistedAlgorithm(_)
        | TokenFault::NoTime
        | TokenFault::OddTime => Reaction::Ignores,
    }
}

/// The limits of Entra that the token exceeds.
pub(super) fn limits(token: &SubjectToken) -> Vec<String> {
    let claims = token.claims();
    let mut broken = Vec::new();
    let alg = token.header().alg.as_deref().unwrap_or("(none)");
    if alg != "RS256" {
        broken.push(format!("signed with {alg}; Microsoft supports only RS256 for federated credentials"));
    }
    for name in ["iss", "sub", "aud"] {
        let length = claims.text(name).map_or(0, |text| text.chars().count());
        if length > LONGEST {
            broken.push(format!("`{name}` has {length} characters, and a federated credential allows {LONGEST}"));
        }
    }
    if let Some(Value::Array(audiences)) = claims.get("aud")
        && audiences.len() > 1
    {
        broken
            .push(format!("`aud` has {} values, and a federated credential has exactly one audience", audiences.len()));
    }
    if claims.job_kind() == Some(JobKind::PullRequest) {
        broken.push(
            "the `sub` of a pull-request job changes with every push, so no federated credential can allow it".into(),
        );
    }
    broken
}
