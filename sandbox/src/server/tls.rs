//! A private certificate authority, and valid and invalid server certificates for tests.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate authority that no one else trusts.
pub struct Tls {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A server's certificate and key.
#[derive(Clone)]
pub struct ServerTls(Arc<ServerConfig>);

impl Tls {
    /// Makes a new authority: two of them do not trust each other.
    ///
    /// # Errors
    /// If a key or certificate cannot be made.
    pub fn new() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = named("oidc-exchange sandbox authority");
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// The authority's certificate, for example for `--ca-file`.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.certificate.pem()
    }

    /// A valid certificate for these names and addresses. With other names than the server's, it is invalid for the
    /// server.
    ///
    /// # Errors
    /// If a name is invalid, or the certificate cannot be made.
    pub fn server(&self, names: &[&str]) -> io::Result<ServerTls> {
        self.sign(&leaf(names)?)
    }

    /// An expired certificate for these names.
    ///
    /// # Errors
    /// As for [`server`](Self::server).
    pub fn expired(&self, names: &[&str]) -> io::Result<ServerTls> {
        let mut params = leaf(names)?;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 12, 31);
        self.sign(&params)
    }

    /// A certificate for a name that is not the server's.
    ///
    /// # Errors
    /// As for [`server`](Self::server).
    pub fn wrong_name(&self) -> io::Result<ServerTls> {
        self.server(&["elsewhere.test"])
    }

    /// A certificate for these names from another authority.
    ///
    /// # Errors
    /// As for [`server`](Self::server).
    pub fn other_ca(&self, names: &[&str]) -> io::Result<ServerTls> {
        Self::new()?.server(names)
    }

    /// A valid certificate for these names and its key, both in PEM, for another program.
    ///
    /// # Errors
    /// As for [`server`](Self::server).
    pub fn server_pem(&self, names: &[&str]) -> io::Result<(String, String)> {
        let mut params = leaf(names)?;
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok((format!("{}{}", certificate.pem(), self.certificate.pem()), key.serialize_pem()))
    }

    fn sign(&self, params: &CertificateParams) -> io::Result<ServerTls> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone(), self.certificate.der().clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(io::Error::other)?;
        Ok(ServerTls(Arc::new(config)))
    }
}

impl ServerTls {
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0))
    }
}

fn leaf(names: &[&str]) -> io::Result<CertificateParams> {
    let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name = named("oidc-exchange sandbox server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
