//! Algorithms of signatures, by the names that a JWT's header has (RFC 7518, section 3.1).

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters,
};

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
    /// With a key on an Edwards curve (RFC 8037); of the two, Ed25519 can be checked here.
    Edwards,
}

/// What an algorithm's name stands for.
pub(super) enum Algorithm {
    /// One that can be checked here.
    Known(Scheme),
    /// A signature that is not checked here; the curve of its keys, as a JWK names it.
    Unknown(&'static str),
    /// None that an issuer's published key could have made.
    Unsound,
}

/// The name of the curve, and of `EdDSA` on it (RFC 9864).
pub(super) const ED25519_NAME: &str = "Ed25519";

impl Algorithm {
    pub(super) fn named(name: &str) -> Self {
        Self::Known(match name {
            "RS256" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "ES256" => Scheme::Ec { curve: "P-256", algorithm: &ECDSA_P256_SHA256_FIXED },
            "ES384" => Scheme::Ec { curve: "P-384", algorithm: &ECDSA_P384_SHA384_FIXED },
            "PS256" => Scheme::Rsa(&RSA_PSS_2048_8192_SHA256),
            "PS384" => Scheme::Rsa(&RSA_PSS_2048_8192_SHA384),
            "PS512" => Scheme::Rsa(&RSA_PSS_2048_8192_SHA512),
            "EdDSA" | ED25519_NAME => Scheme::Edwards,
            "ES512" => return Self::Unknown("P-521"),
            "ES256K" => return Self::Unknown("secp256k1"),
            "Ed448" => return Self::Unknown("Ed448"),
            _ => return Self::Unsound,
        })
    }
}
