//! The trusted certificates: a bundle that is set, or else the system's store, or else Mozilla's list. `--ca-file`
//! adds more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio::sync::OnceCell;

use super::authority::{self, Unfit};
use super::failure::Failure;
use super::pem;
use crate::diagnostic::DECISIONS;
use crate::error::Usage;
use crate::host::Env;
use crate::input::{self, Fault, Kind, Reader, Walk};

/// The trusted certificates. Only `--ca-file` is read before the first https call. Clones share the result.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    bundle: Option<Bundle>,
    added: Option<CaFile>,
    read: Arc<OnceCell<Arc<Anchors>>>,
}

const OPTION: &str = "--ca-file";
const SYSTEM: &str = "the system's certificates";

/// The content of `--ca-file`. It is read once, because it may be a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFile(Vec<CertificateDer<'static>>);

impl CaFile {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, or contains no certificate.
    pub fn read(reader: &Reader, path: &Path) -> Result<Self, Usage> {
        let bytes = reader.file(OPTION, path, Kind::Certificates).map_err(|fault| fault.at(OPTION, path))?;
        let found = pem::certificates(&bytes);
        found.map(Self).map_err(|why| Usage::new(format!("{OPTION}: {} {why}", path.display())))
    }

    /// The certificates in `pem`, a text from [`pem`](Self::pem).
    ///
    /// # Errors
    /// If it contains none.
    pub fn from_pem(pem: &str) -> Result<Self, Usage> {
        pem::certificates(pem.as_bytes()).map(Self).map_err(|why| Usage::new(format!("the noted --ca-file {why}")))
    }

    /// The certificates as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem::text(&self.0)
    }
}

/// A bundle that replaces the system's store.
#[derive(Clone, Debug)]
pub struct Bundle {
    variable: &'static str,
    file: Option<PathBuf>,
    /// Whether `file` may be a directory; then all files below it are read.
    or_tree: bool,
    directories: Vec<PathBuf>,
    given: Vec<CertificateDer<'static>>,
}

impl Bundle {
    /// The bundle that a provider's own variable sets (`AWS_CA_BUNDLE`).
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn from_variable(env: &Env, variable: &'static str) -> Result<Option<Self>, Usage> {
        let path = env.get(variable)?;
        Ok(path.map(|path| Self::from_file(variable, path.into())))
    }

    /// The certificates in the PEM file that `variable` names.
    #[must_use]
    pub fn from_file(variable: &'static str, path: PathBuf) -> Self {
        Self { file: Some(path), ..Self::nothing(variable) }
    }

    /// The certificates in all files below the directory that `variable` names, or in that one file.
    #[must_use]
    pub fn from_tree(variable: &'static str, path: PathBuf) -> Self {
        Self { file: Some(path), or_tree: true, ..Self::nothing(variable) }
    }

    fn nothing(variable: &'static str) -> Self {
        Self { variable, file: None, or_tree: false, directories: Vec::new(), given: Vec::new() }
    }

    /// The certificates in the variable itself, as PEM.
    ///
    /// # Errors
    /// If it contains none.
    pub fn from_pem(variable: &'static str, pem: &str) -> Result<Self, Usage> {
        let given = pem::certificates(pem.as_bytes()).map_err(|why| Usage::new(format!("{variable} {why}")))?;
        Ok(Self { given, ..Self::nothing(variable) })
    }

    /// `SSL_CERT_FILE` and `SSL_CERT_DIR`, with OpenSSL's rules.
    ///
    /// # Errors
    /// As [`Env::get`].
    fn from_openssl_variables(env: &Env) -> Result<Option<Self>, Usage> {
        let file = env.get("SSL_CERT_FILE")?;
        let directories: Vec<PathBuf> =
            env.get("SSL_CERT_DIR")?.map(|list| std::env::split_paths(&list).collect()).unwrap_or_default();
        let variable = if file.is_some() { "SSL_CERT_FILE" } else { "SSL_CERT_DIR" };
        let bundle = Self { file: file.map(PathBuf::from), directories, ..Self::nothing(variable) };
        Ok((bundle.file.is_some() || !bundle.directories.is_empty()).then_some(bundle))
    }

    fn read(self, reader: &Reader) -> Result<Vec<CertificateDer<'static>>, Failure> {
        let mut found = self.given.clone();
        let below = |path: &Path, walk| {
            let files = reader.files_in(self.variable, path, Kind::Certificates, walk);
            files.into_iter().flat_map(pem::readable_certificates)
        };
        if let Some(file) = &self.file {
            let place = file.display();
            match reader.file(self.variable, file, Kind::Certificates) {
                Ok(bytes) => {
                    found.extend(pem::certificates(&bytes).map_err(|why| self.unusable(&format!("{place} {why}")))?);
                }
                Err(Fault::Directory) if self.or_tree => found.extend(below(file, Walk::Tree)),
                Err(fault) => return Err(self.unusable(&format!("cannot read {place}: {fault}"))),
            }
        }
        for directory in &self.directories {
            // As in OpenSSL, an unreadable directory or entry counts as empty.
            found.extend(below(directory, Walk::Directory));
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
    /// The trust settings of the environment and the command line. The provider's own bundle, if set, takes
    /// precedence over OpenSSL's variables, and those over the system's store.
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn new(env: &Env, own: Option<Bundle>, added: Option<CaFile>) -> Result<Self, Usage> {
        let bundle = match own {
            Some(bundle) => Some(bundle),
            None => Bundle::from_openssl_variables(env)?,
        };
        Ok(Self { bundle, added, read: Arc::default() })
    }

    /// The same, with the provider's own bundle if it is set.
    #[must_use]
    pub fn with(self, own: Option<Bundle>) -> Self {
        match own {
            None => self,
            Some(own) => Self { bundle: Some(own), added: self.added, read: Arc::default() },
        }
    }

    /// All trusted certificates. The timeout for reading the bundle or the system's store is `within`.
    ///
    /// # Errors
    /// If a file or directory that is set cannot be used, or is not read in time.
    pub(super) async fn anchors(&self, within: Duration) -> Result<Arc<Anchors>, Failure> {
        let read = self.read.get_or_try_init(async || self.look_up(within).await.map(Arc::new));
        read.await.map(Arc::clone)
    }

    async fn look_up(&self, within: Duration) -> Result<Anchors, Failure> {
        let mut anchors = Anchors::default();
        let now = UnixTime::now();
        for certificate in self.added.iter().flat_map(|added| &added.0) {
            let added = anchors.add(certificate, OPTION, now);
            added.map_err(|error| Failure::Setup { why: format!("{OPTION}: {error}") })?;
        }
        anchors.named = self.added.as_ref().map(|added| added.0.clone()).unwrap_or_default();
        let bundle = self.bundle.clone();
        let read = input::apart(within, move |reader| match bundle {
            Some(bundle) => bundle.read(reader),
            None => Ok(system_store(reader)),
        });
        let read =
            read.await.map_err(|unfinished| Failure::Setup { why: unfinished.usage("in time").to_string() })??;
        let place = self.bundle.as_ref().map_or(SYSTEM, |bundle| bundle.variable);
        let usable = read.iter().filter(|certificate| anchors.add(certificate, place, now).is_ok()).count();
        if self.bundle.is_some() {
            anchors.named.extend(read);
        } else if usable == 0 {
            tracing::info!(target: DECISIONS, "no certificate store on this machine: trusting Mozilla's list, as bundled");
            anchors.roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Ok(anchors)
    }
}

/// The loaded certificates.
#[derive(Debug)]
pub(super) struct Anchors {
    /// The trusted authorities.
    pub(super) roots: RootCertStore,
    /// The certificates that the user has named: a server may use each of them as its own. The system's are not
    /// included.
    pub(super) named: Vec<CertificateDer<'static>>,
    /// Certificates that are not allowed to sign others.
    pub(super) unfit: Vec<Unsigning>,
}

/// A certificate that is not allowed to sign others.
#[derive(Debug)]
pub(super) struct Unsigning {
    pub(super) certificate: CertificateDer<'static>,
    /// The option or variable that it came from.
    pub(super) place: &'static str,
    pub(super) why: Unfit,
}

impl Default for Anchors {
    fn default() -> Self {
        Self { roots: RootCertStore::empty(), named: Vec::new(), unfit: Vec::new() }
    }
}

impl Anchors {
    /// Adds a certificate; as an authority, if it is allowed to sign. No other code checks the constraints of a trust
    /// anchor.
    ///
    /// # Errors
    /// If it cannot be parsed.
    fn add(
        &mut self,
        certificate: &CertificateDer<'static>,
        place: &'static str,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match authority::signs_for_servers(certificate, now) {
            Ok(()) => self.roots.add(certificate.clone()),
            Err(why) => {
                RootCertStore::empty().add(certificate.clone())?;
                self.unfit.push(Unsigning { certificate: certificate.clone(), place, why });
                Ok(())
            }
        }
    }
}

/// The client certificate, for servers that request one.
#[derive(Debug)]
pub struct Identity {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Parses a certificate, with the intermediate ones, and its key, from PEM.
    ///
    /// # Errors
    /// What is wrong, and with which of the two.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, String> {
        let certificates = pem::certificates(certificates).map_err(|why| format!("the certificate {why}"))?;
        let key = pem::private_key(key).map_err(|why| format!("the key {why}"))?;
        Ok(Self { certificates, key })
    }
}

/// The system's list. If it is one file, the directory with the same certificates is not read too.
#[cfg(not(target_os = "macos"))]
fn system_store(reader: &Reader) -> Vec<CertificateDer<'static>> {
    let places = openssl_probe::probe();
    if let Some(file) = &places.cert_file {
        let found = reader.file(SYSTEM, file, Kind::Certificates).map(pem::readable_certificates).unwrap_or_default();
        if !found.is_empty() {
            return found;
        }
    }
    let files = places
        .cert_dir
        .iter()
        .flat_map(|directory| reader.files_in(SYSTEM, directory, Kind::Certificates, Walk::Directory));
    files.flat_map(pem::readable_certificates).collect()
}

/// The keychain.
#[cfg(target_os = "macos")]
fn system_store(_: &Reader) -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}
