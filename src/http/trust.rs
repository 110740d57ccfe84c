//! Which certificates are trusted: a named bundle, else the system's store, else Mozilla's list; and what `--ca-file` adds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::failure::Failure;
use crate::diagnostic::DECISIONS;
use crate::error::Usage;
use crate::host::Env;

/// The certificates to trust; nothing but `--ca-file` is read before the first https call.
#[derive(Debug, Default)]
pub struct Trust {
    bundle: Option<Bundle>,
    added: Vec<CertificateDer<'static>>,
}

/// A bundle that stands in place of the system's store.
#[derive(Debug)]
pub struct Bundle {
    variable: &'static str,
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
    given: Vec<CertificateDer<'static>>,
}

impl Bundle {
    /// The bundle that a variable of the provider's own names (`AWS_CA_BUNDLE`).
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn from_variable(env: &Env, variable: &'static str) -> Result<Option<Self>, Usage> {
        let path = env.get(variable)?;
        Ok(path.map(|path| Self::from_file(variable, path.into())))
    }

    /// The certificates in a PEM file that `variable` names.
    #[must_use]
    pub fn from_file(variable: &'static str, path: PathBuf) -> Self {
        Self { variable, files: vec![path], directories: Vec::new(), given: Vec::new() }
    }

    /// The certificates in a directory that `variable` names.
    #[must_use]
    pub fn from_directory(variable: &'static str, path: PathBuf) -> Self {
        Self { variable, files: Vec::new(), directories: vec![path], given: Vec::new() }
    }

    /// The certificates that `variable` itself holds, as PEM.
    ///
    /// # Errors
    /// When it holds none.
    pub fn from_pem(variable: &'static str, pem: &str) -> Result<Self, Usage> {
        let given = in_pem(pem.as_bytes()).map_err(|why| Usage::new(format!("{variable} {why}")))?;
        Ok(Self { variable, files: Vec::new(), directories: Vec::new(), given })
    }

    /// `SSL_CERT_FILE` and `SSL_CERT_DIR`, as OpenSSL reads them.
    ///
    /// # Errors
    /// As [`Env::get`].
    fn from_openssl_variables(env: &Env) -> Result<Option<Self>, Usage> {
        let file = env.get("SSL_CERT_FILE")?;
        let directories: Vec<PathBuf> =
            env.get("SSL_CERT_DIR")?.map(|list| std::env::split_paths(&list).collect()).unwrap_or_default();
        let variable = if file.is_some() { "SSL_CERT_FILE" } else { "SSL_CERT_DIR" };
        let files: Vec<PathBuf> = file.into_iter().map(PathBuf::from).collect();
        Ok((!files.is_empty() || !directories.is_empty()).then_some(Self {
            variable,
            files,
            directories,
            given: Vec::new(),
        }))
    }

    fn read(&self) -> Result<Vec<CertificateDer<'static>>, Failure> {
        let mut found = self.given.clone();
        for file in &self.files {
            found.extend(certificates(file).map_err(|why| self.unusable(&why))?);
        }
        for directory in &self.directories {
            // As OpenSSL has it, a directory or an entry that cannot be read counts as empty.
            let read = rustls_native_certs::load_certs_from_paths(None, Some(directory));
            found.extend(read.certs);
        }
        if found.is_empty() {
            return Err(self.unusable("no certificate there"));
        }
        Ok(found)
    }

    fn unusable(&self, why: &str) -> Failure {
        Failure::Setup { why: format!("{}: {why}", self.variable) }
    }
}

impl Trust {
    /// What the environment and the command line say: the provider's own bundle, if it has a variable for
    /// one, goes before OpenSSL's variables, and those before the system's store.
    ///
    /// # Errors
    /// When `ca_file` cannot be read or holds no certificate.
    pub fn new(env: &Env, own: Option<Bundle>, ca_file: Option<&Path>) -> Result<Self, Usage> {
        let bundle = match own {
            Some(bundle) => Some(bundle),
            None => Bundle::from_openssl_variables(env)?,
        };
        let added = match ca_file {
            Some(path) => certificates(path).map_err(|why| Usage::new(format!("--ca-file: {why}")))?,
            None => Vec::new(),
        };
        Ok(Self { bundle, added })
    }

    /// A configuration that trusts these, shows `identity` where it is asked for one, and may offer HTTP/2.
    pub(super) fn client_config(&self, identity: Option<&Identity>, http2: bool) -> Result<ClientConfig, Failure> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.added {
            roots.add(certificate.clone()).map_err(|error| Failure::Setup { why: format!("--ca-file: {error}") })?;
        }
        if let Some(bundle) = &self.bundle {
            roots.add_parsable_certificates(bundle.read()?);
        } else if roots.add_parsable_certificates(system_store()).0 == 0 {
            tracing::info!(target: DECISIONS, "no certificate store on this machine: trusting Mozilla's list, as bundled");
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        config(roots, identity, http2)
    }
}

/// The certificate that this side shows, where the server asks for one.
#[derive(Debug)]
pub struct Identity {
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads a certificate, with those between it and its authority, and its key, from PEM.
    ///
    /// # Errors
    /// What is wrong with which of the two.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, String> {
        let certificates = in_pem(certificates).map_err(|why| format!("the certificate {why}"))?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| "the key is not an unencrypted private key in PEM".to_owned())?;
        Ok(Self { certificates, key })
    }
}

/// A configuration that trusts nobody, for a client that speaks plain http alone.
pub(super) fn nobody() -> Result<ClientConfig, Failure> {
    config(RootCertStore::empty(), None, false)
}

fn config(roots: RootCertStore, identity: Option<&Identity>, http2: bool) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Setup { why: error.to_string() })?;
    let builder = builder.with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(identity.certificates.clone(), identity.key.clone_key())
            .map_err(|error| Failure::Setup { why: format!("the client certificate cannot be used: {error}") })?,
    };
    if http2 {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Ok(config)
}

/// The system's own list. Where it is one file, the directory of the same certificates, a file each, is
/// not read as well.
#[cfg(not(target_os = "macos"))]
fn system_store() -> Vec<CertificateDer<'static>> {
    let places = openssl_probe::probe();
    if let Some(file) = &places.cert_file {
        let found = rustls_native_certs::load_certs_from_paths(Some(file), None).certs;
        if !found.is_empty() {
            return found;
        }
    }
    places
        .cert_dir
        .iter()
        .flat_map(|directory| rustls_native_certs::load_certs_from_paths(None, Some(directory)).certs)
        .collect()
}

/// The keychain.
#[cfg(target_os = "macos")]
fn system_store() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// The certificates in a PEM file; at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let place = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {place}: {error}"))?;
    in_pem(&bytes).map_err(|why| format!("{place} {why}"))
}

fn in_pem(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match found {
        Ok(found) if found.is_empty() => Err("holds no PEM certificate".into()),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("is not PEM: {error}")),
    }
}
