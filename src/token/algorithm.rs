//! Signature algorithms, by their names in a JWT's header (RFC 7518, section 3.1).

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters,
};

/// How a signature is verified.
#[derive(Clone, Copy)]
pub(super) enum Scheme {
    /// With an RSA key.
    Rsa(&'static RsaParameters),
    /// With a key on a curve.
    Ec {
        /// The curve's name in a JWK.
        curve: &'static str,
        /// The algorithm.
        algorithm: &'static EcdsaVerificationAlgorithm,
    },
    /// With a key on an Edwards curve (RFC 8037). Only Ed25519 is supported.
    Edwards,
}

/// The meaning of an algorithm's name.
pub(super) enum Algorithm {
    /// A supported algorithm.
    Known(Scheme),
    /// An unsupported algorithm; the name of its keys' curve in a JWK.
    Unknown(&'static str),
    /// An algorithm that no issuer's published key can have.
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
