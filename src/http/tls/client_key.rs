//! The client certificate with its key.

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::http::Identity;
use crate::http::failure::Failure;

/// Checks that the key can sign, and that it is the one of the certificate.
///
/// # Errors
/// If not.
pub(super) fn certified(identity: &Identity, provider: &CryptoProvider) -> Result<CertifiedKey, Failure> {
    const KINDS: &str = "RSA of 2048 to 4096 bits, ECDSA on P-256, P-384 or P-521, and Ed25519";
    let wrong = |why: &str| Failure::Setup { why: why.into() };
    let key = provider.key_provider.load_private_key(identity.key.clone_key());
    let key = key.map_err(|_| wrong(&format!("the client's key is not supported: the supported keys are {KINDS}")))?;
    let public = key.public_key().map(|public| public.to_vec());
    let certified = CertifiedKey::new(identity.certificates.clone(), key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(wrong("the client's key is not the key of its certificate")),
        // The library reads only version 3. By default, `openssl x509 -req` makes version 1, which servers accept.
        Err(_) if public.is_some_and(|public| holds(identity, &public)) => Ok(certified),
        Err(_) => Err(wrong("the client certificate is not an X.509 certificate of the client's key")),
    }
}

/// Whether the certificate has this public key.
fn holds(identity: &Identity, public: &[u8]) -> bool {
    identity.certificates.first().is_some_and(|first| first.windows(public.len()).any(|part| part == public))
}
