//! The tokens that Google STS accepts, and its answers to others, independently of providers.
//!
//! <https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>

use super::provider::LONGEST_SUBJECT;
use crate::cloud::{Reaction, TokenFault};
use crate::subject::SubjectToken;

/// The signature algorithms that it accepts.
const ALGORITHMS: [&str; 2] = ["RS256", "ES256"];

/// Its reaction to a fault: <https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation>.
pub(super) fn reaction(fault: TokenFault<'_>) -> Reaction {
    match fault {
        TokenFault::NoIssuer => {
            Reaction::says("invalid_grant: The issuer in ID Token … does not match the expected one(s) …")
        }
        TokenFault::NoDiscovery | TokenFault::NoKeys | TokenFault::KeyNotPublished => {
            Reaction::says("invalid_grant: Error connecting to the given credential's issuer.")
        }
        TokenFault::NoKeyNamed | TokenFault::UnsoundAlgorithm(_) => Reaction::says("invalid_grant: …"),
        TokenFault::WrongSignature => Reaction::says("invalid_grant: Unable to verify the ID Token signature."),
        TokenFault::Expired | TokenFault::TooOld | TokenFault::IssuedLater | TokenFault::NoTime => {
            Reaction::says("invalid_grant: ID Token issued at … is stale to sign-in.")
        }
        TokenFault::NoSubject | TokenFault::NoAudience => Reaction::Refuses,
        // It tolerates a clock difference of one minute.
        TokenFault::JustExpired
        | TokenFault::IssuerInClear
        | TokenFault::NoList
        | TokenFault::UnlistedAlgorithm(_)
        | TokenFault::NotYetValid
        | TokenFault::OddTime => Reaction::Ignores,
    }
}

/// The limits that the token exceeds.
pub(super) fn limits(token: &SubjectToken) -> Vec<String> {
    let claims = token.claims();
    let header = token.header();
    let mut broken = Vec::new();
    let alg = header.alg.as_deref().unwrap_or("(none)");
    if !ALGORITHMS.contains(&alg) {
        broken.push(format!("signed with {alg}; Google STS accepts {}", ALGORITHMS.join(" and ")));
    }
    if header.kid.is_none() {
        broken.push("the header names no key (kid)".into());
    }
    let bytes = |name: &str| claims.text(name).map_or(0, str::len);
    let (sub, short) = (bytes("sub"), bytes("sub127"));
    if sub > LONGEST_SUBJECT {
        let instead = match short {
            0 if claims.are_semaphores() => "map another claim, such as prj_id",
            0 => "map another claim, or a part of it",
            short if short > LONGEST_SUBJECT => "map another claim, such as prj_id: sub127 is too long as well",
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
