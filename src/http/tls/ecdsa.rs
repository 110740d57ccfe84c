//! Signature algorithms that company authorities use and ring lacks: P-521, and SHA-512 on P-256 and P-384.
//!
//! All others are verified by ring.

use std::sync::Arc;

use p521::ecdsa::signature::hazmat::PrehashVerifier;
use p521::pkcs8::DecodePrivateKey;
use rustls::crypto::KeyProvider;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer,
    alg_id,
};
use rustls::sign::{Signer, SigningKey, public_key_to_spki};
use rustls::{Error, OtherError, SignatureAlgorithm, SignatureScheme};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Verifies a signature with a key and a digest; `None` if it is wrong.
type Verify = fn(&[u8], &[u8], &[u8]) -> Option<()>;

/// Verifies signatures of one kind of key with one digest.
#[derive(Debug)]
struct Ecdsa {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    digest: fn(&[u8]) -> Vec<u8>,
    verify: Verify,
}

pub(super) static P256_SHA512: &dyn SignatureVerificationAlgorithm =
    &Ecdsa { key: alg_id::ECDSA_P256, signature: alg_id::ECDSA_SHA512, digest: sha512, verify: p256 };
pub(super) static P384_SHA512: &dyn SignatureVerificationAlgorithm =
    &Ecdsa { key: alg_id::ECDSA_P384, signature: alg_id::ECDSA_SHA512, digest: sha512, verify: p384 };
pub(super) static P521_SHA256: &dyn SignatureVerificationAlgorithm =
    &Ecdsa { key: alg_id::ECDSA_P521, signature: alg_id::ECDSA_SHA256, digest: sha256, verify: p521 };
pub(super) static P521_SHA384: &dyn SignatureVerificationAlgorithm =
    &Ecdsa { key: alg_id::ECDSA_P521, signature: alg_id::ECDSA_SHA384, digest: sha384, verify: p521 };
pub(super) static P521_SHA512: &dyn SignatureVerificationAlgorithm =
    &Ecdsa { key: alg_id::ECDSA_P521, signature: alg_id::ECDSA_SHA512, digest: sha512, verify: p521 };

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        (self.verify)(public_key, &(self.digest)(message), signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

fn sha256(message: &[u8]) -> Vec<u8> {
    Sha256::digest(message).to_vec()
}

fn sha384(message: &[u8]) -> Vec<u8> {
    Sha384::digest(message).to_vec()
}

fn sha512(message: &[u8]) -> Vec<u8> {
    Sha512::digest(message).to_vec()
}

fn p256(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn p384(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(digest, &signature).ok()
}

fn p521(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    /// A shorter digest is padded with zeros at its start: the crate refuses one of less than half the length.
    const LENGTH: usize = 66;
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p521::ecdsa::Signature::from_der(signature).ok()?;
    let mut padded = vec![0; LENGTH.saturating_sub(digest.len())];
    padded.extend_from_slice(digest);
    key.verify_prehash(&padded, &signature).ok()
}

/// Loads a client's private key: the kinds that ring supports, and P-521.
#[derive(Debug)]
pub(super) struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        any_supported_type(&key).or_else(|unsupported| {
            let key = if let PrivateKeyDer::Sec1(key) = &key {
                p521::SecretKey::from_sec1_der(key.secret_sec1_der()).ok()
            } else {
                p521::SecretKey::from_pkcs8_der(key.secret_der()).ok()
            };
            let key = key.ok_or(unsupported)?;
            Ok(Arc::new(P521Key(Arc::new(key.into()))) as Arc<dyn SigningKey>)
        })
    }
}

#[derive(Clone, Debug)]
struct P521Key(Arc<p521::ecdsa::SigningKey>);

impl SigningKey for P521Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    /// With the public key, a certificate of another key is refused before anything is sent.
    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(public_key_to_spki(&alg_id::ECDSA_P521, self.0.verifying_key().to_sec1_point(false)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        use p521::ecdsa::signature::hazmat::PrehashSigner;
        let signature: p521::ecdsa::Signature =
            self.0.sign_prehash(&sha512(message)).map_err(|error| Error::Other(OtherError(Arc::new(error))))?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}
