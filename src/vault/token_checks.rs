//! The answers of Vault's JWT auth method to a token with a fault, independently of roles.

use crate::cloud::{Reaction, TokenFault};

/// Its reaction to a fault: <https://github.com/hashicorp/cap/blob/main/jwt/jwt.go>.
pub(super) fn reaction(fault: TokenFault<'_>) -> Reaction {
    match fault {
        TokenFault::NoIssuer => Reaction::says("error validating token: invalid issuer (iss) claim"),
        TokenFault::NoDiscovery => Reaction::says("error configuring token validator: keyset configuration error: …"),
        TokenFault::NoKeys => Reaction::says("error validating token: … fetching keys oidc: get keys failed …"),
        TokenFault::KeyNotPublished | TokenFault::WrongSignature => Reaction::says(
            "error validating token: … error verifying token signature: failed to verify id token signature",
        ),
        TokenFault::UnlistedAlgorithm(alg) | TokenFault::UnsoundAlgorithm(alg) => Reaction::Says(
            format!("error validating token: … unexpected signature algorithm {alg:?}; expected …").into(),
        ),
        TokenFault::Expired => {
            Reaction::says("error validating token: invalid expiration time (exp) claim: token is expired")
        }
        TokenFault::IssuedLater => {
            Reaction::says("error validating token: invalid issued at (iat) claim: token issued in the future")
        }
        TokenFault::NotYetValid => {
            Reaction::says("error validating token: invalid not before (nbf) claim: token not yet valid")
        }
        // It tries every key, and tolerates a clock difference of a minute. A role may require no audience.
        TokenFault::NoKeyNamed
        | TokenFault::JustExpired
        | TokenFault::NoAudience
        | TokenFault::IssuerInClear
        | TokenFault::NoList
        | TokenFault::TooOld
        | TokenFault::NoTime
        | TokenFault::OddTime
        | TokenFault::NoSubject => Reaction::Ignores,
    }
}
