//! Key exchange on P-521, which ring lacks.
//!
//! In TLS 1.2, a server with a key on a curve requires that the client supports the curve for the key exchange (RFC
//! 8422, section 5.1).

use p521::elliptic_curve::sec1::ToSec1Point;
use p521::{PublicKey, SecretKey};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved};

/// The length of a private key in bytes. Only one bit of the first byte is used.
const LENGTH: usize = 66;

#[derive(Debug)]
pub(super) struct Secp521r1;

struct Exchange {
    secret: SecretKey,
    public: Box<[u8]>,
}

impl SupportedKxGroup for Secp521r1 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let random = SystemRandom::new();
        let mut bytes = [0; LENGTH];
        let secret = loop {
            random.fill(&mut bytes).map_err(|_| Error::from(GetRandomFailed))?;
            bytes[0] &= 1;
            // Zero, and numbers above the order, are drawn again. This is very rare.
            if let Ok(secret) = SecretKey::from_slice(&bytes) {
                break secret;
            }
        };
        let public = secret.public_key().to_sec1_point(false).as_bytes().into();
        Ok(Box::new(Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        // Only the uncompressed form is allowed (RFC 8446, section 4.2.8.2).
        let point =
            Some(peer).filter(|peer| peer.first() == Some(&4)).and_then(|peer| PublicKey::from_sec1_bytes(peer).ok());
        let point = point.ok_or(PeerMisbehaved::InvalidKeyShare)?;
        let shared = p521::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), point.as_affine());
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}
