//! Verifies the token's signature with the published keys (RFC 7515, section 5.2; RFC 7518, section 3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use super::algorithm::{Algorithm, Scheme};
use super::jwks::{Jwk, Key};
use super::provider_errors::on;
use crate::cloud::TokenFault;
use crate::explanation::{Check, Mark};
use crate::secret::Secret;
use crate::subject::Header;

/// Checks the header: the algorithm, and that it contains no critical extension.
pub(super) fn header(header: &Header) -> Check {
    let alg = header.alg.as_deref().unwrap_or("(none)");
    if header.critical {
        return Check::new(Mark::Fails, format!("signed with {alg}"))
            .fact("because", "the header has `crit`: the token is not to be read as a plain one (RFC 7515)");
    }
    match Algorithm::named(alg) {
        Algorithm::Known(_) => Check::new(Mark::Holds, format!("signed with {alg}")),
        Algorithm::Unknown(_) => Check::new(Mark::Unknown, format!("signed with {alg}")).fact(
            "because",
            "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA can be checked here, this cannot",
        ),
        Algorithm::Unsound => {
            let why = if alg == "none" { "it is not signed" } else { "no published key makes such a signature" };
            let check = Check::new(Mark::Fails, format!("signed with {alg}")).fact("because", why);
            on(TokenFault::UnsoundAlgorithm(alg), check)
        }
    }
}

/// Checks whether one of `keys`, which have the token's key id and the right kind, made its signature; `None` if none
/// can have made it.
pub(super) fn check(token: &Secret, header: &Header, keys: &[Jwk]) -> Option<Check> {
    const TITLE: &str = "the signature is that of the token's key";
    let unknown = |why: &str| Check::new(Mark::Unknown, TITLE).fact("because", why);
    let scheme = match Algorithm::named(header.alg.as_deref().unwrap_or_default()) {
        Algorithm::Unsound => return None,
        Algorithm::Unknown(_) => return Some(unknown("it is of a kind that cannot be checked here")),
        Algorithm::Known(_) if keys.is_empty() => return Some(unknown("no key can check it")),
        Algorithm::Known(scheme) => scheme,
    };
    let parts = token.reveal().rsplit_once('.');
    let signature = parts.and_then(|(_, signature)| URL_SAFE_NO_PAD.decode(signature).ok()).unwrap_or_default();
    let message = parts.map(|(message, _)| message).unwrap_or_default();
    if keys.iter().any(|key| made_by(message.as_bytes(), &signature, scheme, &key.key)) {
        return Some(Check::new(Mark::Holds, TITLE));
    }
    if keys.iter().any(|key| matches!(key.key, Key::Unchecked { .. })) {
        return Some(unknown("one of the keys is of a kind that cannot be checked here"));
    }
    let because = "it is not: another key signed this token, or it was changed on its way here";
    Some(on(TokenFault::WrongSignature, Check::new(Mark::Fails, TITLE).fact("because", because)))
}

/// Whether the key `jwk` (RFC 7517) made this `signature` of `message`. `alg` is the algorithm's name in a token's
/// header.
///
/// `None` if the algorithm is not supported, or does not match the key.
#[must_use]
pub fn is_made_by(jwk: &Value, alg: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = Jwk::read(jwk);
    match Algorithm::named(alg) {
        Algorithm::Known(scheme) if key.unfit(alg).is_none() && !matches!(key.key, Key::Unchecked { .. }) => {
            Some(made_by(message, signature, scheme, &key.key))
        }
        Algorithm::Known(_) | Algorithm::Unknown(_) | Algorithm::Unsound => None,
    }
}

fn made_by(message: &[u8], signature: &[u8], scheme: Scheme, key: &Key) -> bool {
    match (scheme, key) {
        (Scheme::Rsa(parameters), Key::Rsa { n, e }) => {
            RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
        }
        (Scheme::Ec { curve, algorithm }, Key::Ec { curve: own, point }) if curve == *own => {
            UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
        }
        (Scheme::Edwards, Key::Ed25519(point)) => {
            UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok()
        }
        (Scheme::Rsa(_) | Scheme::Ec { .. } | Scheme::Edwards, _) => false,
    }
}
