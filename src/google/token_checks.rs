//! What Google STS takes for a token, and what it answers to others, whoever its providers let in.
//!
//! <https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>

use super::provider::LONGEST_SUBJECT;
use crate::cloud::{Reaction, TokenFault};
use crate::subject::SubjectToken;

/// The algorithms of signatures that it takes.
const ALGORITHMS: [&str; 2] = ["RS256", "ES256"];

/// Its answers: <https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation>.
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
        // The minute that it allows for clocks.
        TokenFault::JustExpired
        | TokenFault::IssuerInClear
        | TokenFault::NoList
        | TokenFault::UnlistedAlgorithm(_)
        | TokenFault::NotYetValid
        | TokenFault::OddTime => Reaction::Ignores,
    }
}

/// What of the token is more, or other, than that.
pub(super) fn limits(token: &SubjectToken) -> Vec<String> {
    let claims = token.claims();
    let header = token.header();
    let mut broken = Vec::new();
    let alg = header.alg.as_deref().unwrap_or("(none)");
    if !ALGORITHMS.contains(&alg) {
        broken.push(format!("signed with {alg}; Google STS takes {}", ALGORITHMS.join(" and ")));
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
