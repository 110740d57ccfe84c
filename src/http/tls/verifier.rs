//! Decides which server certificates are accepted.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use crate::http::authority::{self, Unfit};
use crate::http::key_length::KeyLength;
use crate::http::trust::Anchors;

/// Accepts a certificate that is signed by a trusted authority, or that the user has named.
#[derive(Debug)]
pub(super) struct Verifier {
    anchors: Arc<Anchors>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(anchors: Arc<Anchors>, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { anchors, algorithms }
    }

    fn leads_to(
        &self,
        roots: &RootCertStore,
        certificate: &ParsedCertificate<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        verify_server_cert_signed_by_trust_anchor(certificate, roots, others, now, self.algorithms.all)
    }

    /// Decides about a certificate that no trusted authority has signed; `error` is that fault. The user may have
    /// named this certificate, byte for byte. Then it is accepted within its time and for servers, for any signer.
    /// `openssl req -x509` makes a certificate of an authority, which is not valid for a server by the usual rules.
    fn or_named(&self, shown: &CertificateDer<'_>, error: Error, now: UnixTime) -> Result<(), Error> {
        if !self.anchors.named.contains(shown) {
            return Err(error);
        }
        authority::is_for_a_server(shown, now).map_err(|why| match why {
            Unfit::NoServers => CertificateError::InvalidPurpose.into(),
            Unfit::Unreadable | Unfit::Over(_) | Unfit::ToCome(_) | Unfit::NoAuthority | Unfit::NoSigning => error,
        })
    }

    /// The certificate that would be its authority, if it were allowed to sign.
    fn unfit_authority(
        &self,
        certificate: &ParsedCertificate<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Option<Error> {
        let signer = self.anchors.unfit.iter().find(|one| {
            let mut roots = RootCertStore::empty();
            roots.add(one.certificate.clone()).is_ok() && self.leads_to(&roots, certificate, others, now).is_ok()
        })?;
        let fault = UnfitAuthority { place: signer.place, why: signer.why };
        Some(CertificateError::Other(OtherError(Arc::new(fault))).into())
    }
}

/// The fault that a certificate was signed with a key that must not sign certificates.
#[derive(Debug)]
struct UnfitAuthority {
    place: &'static str,
    why: Unfit,
}

impl fmt::Display for UnfitAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate in {} that signed it is not accepted as an authority's: {}", self.place, self.why)
    }
}

impl std::error::Error for UnfitAuthority {}

/// The fault of a key's length in place of a wrong signature.
fn or_key_length(error: Error, fault: impl FnOnce() -> Option<KeyLength>) -> Error {
    let is_of_signature = matches!(error, Error::InvalidCertificate(CertificateError::BadSignature));
    match is_of_signature.then(fault).flatten() {
        Some(fault) => CertificateError::Other(OtherError(Arc::new(fault))).into(),
        None => error,
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        self.leads_to(&self.anchors.roots, &certificate, intermediates, now)
            .or_else(|error| self.or_named(end_entity, error, now))
            .map_err(|error| self.unfit_authority(&certificate, intermediates, now).unwrap_or(error))
            .map_err(|error| {
                or_key_length(error, || KeyLength::of_authority(end_entity, intermediates, &self.anchors.roots.roots))
            })?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
            .map_err(|error| or_key_length(error, || KeyLength::of_server(cert)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
            .map_err(|error| or_key_length(error, || KeyLength::of_server(cert)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
pub(in crate::http) mod tests {
    use std::time::Duration;

    use rustls::pki_types::pem::PemObject;

    use super::*;
    use crate::http::tls::ALGORITHMS;

    /// A certificate of `openssl req -x509`: an authority's, with the name `vault.test`, for a year from [`START`].
    const OWN: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBjDCCATKgAwIBAgIUBSAVwEf801j37lvOlJ+FT/IkD/cwCgYIKoZIzj0EAwIw\n\
        EDEOMAwGA1UEAwwFdmF1bHQwHhcNMjYxMTI5MDIxNDQzWhcNMjcxMTI5MDIxNDQz\n\
        WjAQMQ4wDAYDVQQDDAV2YXVsdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAgK\n\
        HNwYcqzT4uzuwUXjOxIbfYGuy8fB1dhBxwCyAXzdSVSqkO7fF6uAirYzLHtAjtVg\n\
        BTrNjy9EFLyl1NlwGk6jajBoMB0GA1UdDgQWBBTeWq1mA2UwFv5jAHPOq3gNXid0\n\
        DDAfBgNVHSMEGDAWgBTeWq1mA2UwFv5jAHPOq3gNXid0DDAPBgNVHRMBAf8EBTAD\n\
        AQH/MBUGA1UdEQQOMAyCCnZhdWx0LnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIhAOdD\n\
        B5L1SHXeMDu5DmTsoSN3SMTTLfQGt3UIdIY5SQYNAiBcJPWV37IXHrJreNHRWpwX\n\
        7vnNiCnTZDuA69c9NrCC3A==\n\
        -----END CERTIFICATE-----";
    pub(in crate::http) fn own() -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(OWN.as_bytes()).unwrap()
    }

    const START: u64 = 1_795_918_483;
    const DAY: u64 = 24 * 60 * 60;

    fn verified(named: bool, name: &str, at: u64) -> Result<ServerCertVerified, Error> {
        let own = own();
        let mut roots = RootCertStore::empty();
        roots.add(own.clone()).unwrap();
        let named = if named { vec![own.clone()] } else { Vec::new() };
        let name = ServerName::try_from(name).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(at));
        Verifier::new(Arc::new(Anchors { roots, named, unfit: Vec::new() }), ALGORITHMS).verify_server_cert(
            &own,
            &[],
            &name,
            &[],
            now,
        )
    }

    #[test]
    fn a_named_certificate_is_accepted_for_its_name_in_its_time() {
        assert!(verified(true, "vault.test", START + DAY).is_ok());
        let refused = |name, at| match verified(true, name, at) {
            Err(Error::InvalidCertificate(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(matches!(refused("vault.test", START - DAY), CertificateError::NotValidYetContext { .. }));
        assert!(matches!(refused("vault.test", START + 366 * DAY), CertificateError::ExpiredContext { .. }));
        assert!(matches!(refused("other.test", START + DAY), CertificateError::NotValidForNameContext { .. }));
    }

    /// The system's authorities are trusted for signing, but do not count as named by the user.
    #[test]
    fn an_authority_that_is_not_named_is_no_server() {
        let Err(Error::InvalidCertificate(CertificateError::Other(why))) = verified(false, "vault.test", START + DAY)
        else {
            panic!("it is accepted")
        };
        assert_eq!(why.0.downcast_ref(), Some(&webpki::Error::CaUsedAsEndEntity));
    }
}
