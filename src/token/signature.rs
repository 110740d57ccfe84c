//! Whether a published key made the token's signature (RFC 7515, section 5.2; RFC 7518, section 3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::clouds::{Answers, NOT_SIGNED};
use super::jwks::{Jwk, Key};
use crate::judgement::{Check, Mark};
use crate::secret::Secret;
use crate::subject::Header;

/// What AWS STS takes:
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>.
pub(super) const AWS_TAKES: [&str; 6] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// What Google STS takes: <https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>.
pub(super) const GOOGLE_TAKES: [&str; 2] = ["RS256", "ES256"];

/// How a signature is checked.
#[derive(Clone, Copy)]
pub(super) enum Scheme {
    /// With an RSA key.
    Rsa(&'static RsaParameters),
    /// With a key on a curve.
    Ec {
        /// The curve, as a JWK names it.
        curve: &'static str,
        /// How.
        algorithm: &'static EcdsaVerificationAlgorithm,
    },
}

/// What an algorithm's name stands for.
pub(super) enum Algorithm {
    /// One that can be checked here.
    Known(Scheme),
    /// A signature that is not checked here.
    Unknown,
    /// None that an issuer's published key could have made.
    Unsound,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Self {
        Self::Known(match name {
            "RS256" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "ES256" => Scheme::Ec { curve: "P-256", algorithm: &ECDSA_P256_SHA256_FIXED },
            "ES384" => Scheme::Ec { curve: "P-384", algorithm: &ECDSA_P384_SHA384_FIXED },
            "ES512" | "ES256K" | "PS256" | "PS384" | "PS512" | "EdDSA" => return Self::Unknown,
            _ => return Self::Unsound,
        })
    }
}

/// The header's part: the algorithm, and that nothing in it is to be read otherwise.
pub(super) fn header(header: &Header) -> Check {
    let alg = header.alg.as_deref().unwrap_or("(none)");
    if header.critical {
        return Check::new(Mark::Fails, format!("signed with {alg}"))
            .fact("because", "the header has `crit`: the token is not to be read as a plain one (RFC 7515)");
    }
    match Algorithm::named(alg) {
        Algorithm::Known(_) => Check::new(Mark::Holds, format!("signed with {alg}")),
        Algorithm::Unknown => Check::new(Mark::Unknown, format!("signed with {alg}"))
            .fact("because", "RS256, RS384, RS512, ES256 and ES384 can be checked here, this cannot"),
        Algorithm::Unsound => {
            let why = if alg == "none" { "nobody signed it" } else { "no published key makes such a signature" };
            let check = Check::new(Mark::Fails, format!("signed with {alg}")).fact("because", why);
            let answers = Answers { google: Some("invalid_grant: …"), vault: None, ..NOT_SIGNED };
            answers
                .on(check)
                .fact("Vault", format!("error validating token: … unexpected signature algorithm {alg:?}; expected …"))
        }
    }
}

/// Whether one of `keys`, which have the name that the token gives, made its signature; nothing where no key could have.
pub(super) fn check(token: &Secret, header: &Header, keys: &[Jwk]) -> Option<Check> {
    const TITLE: &str = "the signature is that of the token's key";
    let unknown = |why: &str| Check::new(Mark::Unknown, TITLE).fact("because", why);
    let scheme = match Algorithm::named(header.alg.as_deref().unwrap_or_default()) {
        Algorithm::Unsound => return None,
        Algorithm::Unknown => return Some(unknown("it is of a kind that cannot be checked here")),
        Algorithm::Known(_) if keys.is_empty() => return Some(unknown("there is no key to check it with")),
        Algorithm::Known(scheme) => scheme,
    };
    if keys.iter().any(|key| made_by(token, scheme, &key.key)) {
        return Some(Check::new(Mark::Holds, TITLE));
    }
    let because = "it is not: another key signed this token, or it was changed on its way here";
    Some(NOT_SIGNED.on(Check::new(Mark::Fails, TITLE).fact("because", because)))
}

fn made_by(token: &Secret, scheme: Scheme, key: &Key) -> bool {
    let Some((message, signature)) = token.reveal().rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    match (scheme, key) {
        (Scheme::Rsa(parameters), Key::Rsa { n, e }) => {
            RsaPublicKeyComponents { n, e }.verify(parameters, message.as_bytes(), &signature).is_ok()
        }
        (Scheme::Ec { curve, algorithm }, Key::Ec { curve: own, point }) if curve == *own => {
            UnparsedPublicKey::new(algorithm, point).verify(message.as_bytes(), &signature).is_ok()
        }
        (Scheme::Rsa(_), Key::Ec { .. } | Key::Other(_)) | (Scheme::Ec { .. }, _) => false,
    }
}
