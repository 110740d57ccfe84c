//! TLS with rustls and ring: the trusted certificates and the client certificate.

mod client_key;
mod ecdsa;
mod exchange;
pub(super) mod verifier;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring as provider};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, SignatureScheme};
use webpki::ring;

use self::verifier::Verifier;
use super::failure::Failure;
use super::trust::Anchors;
use super::{Identity, Overrides};

/// The TLS configuration.
pub(super) struct Tls {
    /// For servers.
    pub(super) server: Arc<ClientConfig>,
    /// For proxies, without the client certificate.
    pub(super) proxy: Arc<ClientConfig>,
    /// The name that replaces a server's own, for SNI and for the certificate.
    pub(super) server_name: Option<String>,
}

impl Tls {
    /// Makes the configuration from the trusted certificates and one provider's settings.
    ///
    /// # Errors
    /// If the client certificate cannot be used.
    pub(super) fn new(anchors: Arc<Anchors>, overrides: &Overrides) -> Result<Self, Failure> {
        let verifier = Arc::new(Verifier::new(anchors, ALGORITHMS));
        let mut server = config(&verifier, overrides.identity.as_ref())?;
        if overrides.http2 {
            server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        let server_name = overrides.server_name.as_ref().map(|name| name.as_str().to_owned());
        Ok(Self { server: Arc::new(server), proxy: Arc::new(config(&verifier, None)?), server_name })
    }
}

fn config(verifier: &Arc<Verifier>, identity: Option<&Identity>) -> Result<ClientConfig, Failure> {
    let mut provider = CryptoProvider {
        signature_verification_algorithms: ALGORITHMS,
        key_provider: &ecdsa::Keys,
        ..provider::default_provider()
    };
    provider.kx_groups.push(&exchange::Secp521r1);
    let provider = Arc::new(provider);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Setup { why: error.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier) as _);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let certified = client_key::certified(identity, &provider)?;
            Ok(builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified))))
        }
    }
}

/// ring's algorithms in rustls's order, and those of [`ecdsa`]. In TLS 1.2, a scheme determines only the digest.
static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        ring::ECDSA_P256_SHA256,
        ring::ECDSA_P256_SHA384,
        ring::ECDSA_P384_SHA256,
        ring::ECDSA_P384_SHA384,
        ring::ED25519,
        ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        ring::RSA_PKCS1_2048_8192_SHA256,
        ring::RSA_PKCS1_2048_8192_SHA384,
        ring::RSA_PKCS1_2048_8192_SHA512,
        ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
        ecdsa::P256_SHA512,
        ecdsa::P384_SHA512,
        ecdsa::P521_SHA256,
        ecdsa::P521_SHA384,
        ecdsa::P521_SHA512,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[ring::ECDSA_P384_SHA384, ring::ECDSA_P256_SHA384, ecdsa::P521_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA256, ecdsa::P521_SHA256],
        ),
        (SignatureScheme::ECDSA_NISTP521_SHA512, &[ecdsa::P521_SHA512, ecdsa::P384_SHA512, ecdsa::P256_SHA512]),
        (SignatureScheme::ED25519, &[ring::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[ring::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[ring::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[ring::RSA_PKCS1_2048_8192_SHA256]),
    ],
};
