//! Which certificates are trusted: a named bundle, else the system's store, else Mozilla's list; and what `--ca-file` adds.

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

/// The certificates to trust; nothing but `--ca-file` is read before the first https call. Clones share what is read then.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    bundle: Option<Bundle>,
    added: Option<CaFile>,
    read: Arc<OnceCell<Arc<Anchors>>>,
}

const OPTION: &str = "--ca-file";
const SYSTEM: &str = "the system's certificates";

/// What `--ca-file` holds. It is read once, for it may be a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFile(Vec<CertificateDer<'static>>);

impl CaFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or holds no certificate.
    pub fn read(reader: &Reader, path: &Path) -> Result<Self, Usage> {
        let bytes = reader.file(OPTION, path, Kind::Certificates).map_err(|fault| fault.at(OPTION, path))?;
        let found = pem::certificates(&bytes);
        found.map(Self).map_err(|why| Usage::new(format!("{OPTION}: {} {why}", path.display())))
    }

    /// The certificates that [`pem`](Self::pem) has written down.
    ///
    /// # Errors
    /// When it holds none.
    pub fn from_pem(pem: &str) -> Result<Self, Usage> {
        pem::certificates(pem.as_bytes()).map(Self).map_err(|why| Usage::new(format!("the noted --ca-file {why}")))
    }

    /// The certificates as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem::text(&self.0)
    }
}

/// A bundle that stands in place of the system's store.
#[derive(Clone, Debug)]
pub struct Bundle {
    variable: &'static str,
    file: Option<PathBuf>,
    /// Whether `file` may be a directory, whose whole tree is read.
    or_tree: bool,
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

    /// The certificates that `variable` itself holds, as PEM.
    ///
    /// # Errors
    /// When it holds none.
    pub fn from_pem(variable: &'static str, pem: &str) -> Result<Self, Usage> {
        let given = pem::certificates(pem.as_bytes()).map_err(|why| Usage::new(format!("{variable} {why}")))?;
        Ok(Self { given, ..Self::nothing(variable) })
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
            // As OpenSSL has it, a directory or an entry that cannot be read counts as empty.
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
    /// What the environment and the command line say: the provider's own bundle, if it has a variable for
    /// one, goes before OpenSSL's variables, and those before the system's store.
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

    /// These certificates, with the provider's own bundle in place of the bundle, if it has one.
    #[must_use]
    pub fn with(self, own: Option<Bundle>) -> Self {
        match own {
            None => self,
            Some(own) => Self { bundle: Some(own), added: self.added, read: Arc::default() },
        }
    }

    /// All of them. The bundle, or the system's store, is read for at most as long as `within`.
    ///
    /// # Errors
    /// When something that is named cannot be used, or is not read in time.
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

/// Whom to trust.
#[derive(Debug)]
pub(super) struct Anchors {
    /// Authorities.
    pub(super) roots: RootCertStore,
    /// The certificates that the user has named, each of which a server may show as its own. The system's are not among
    /// them.
    pub(super) named: Vec<CertificateDer<'static>>,
    /// Certificates beside the authorities that sign for nobody.
    pub(super) unfit: Vec<Unsigning>,
}

/// A certificate whose signature is worth nothing.
#[derive(Debug)]
pub(super) struct Unsigning {
    pub(super) certificate: CertificateDer<'static>,
    /// The option or variable that names it.
    pub(super) place: &'static str,
    pub(super) why: Unfit,
}

impl Default for Anchors {
    fn default() -> Self {
        Self { roots: RootCertStore::empty(), named: Vec::new(), unfit: Vec::new() }
    }
}

impl Anchors {
    /// Adds a certificate, as an authority if it may be one: an anchor's own constraints are checked nowhere else.
    ///
    /// # Errors
    /// When it cannot be read.
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

/// The certificate that this side shows, where the server asks for one.
#[derive(Debug)]
pub struct Identity {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads a certificate, with those between it and its authority, and its key, from PEM.
    ///
    /// # Errors
    /// What is wrong with which of the two.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, String> {
        let certificates = pem::certificates(certificates).map_err(|why| format!("the certificate {why}"))?;
        let key = pem::private_key(key).map_err(|why| format!("the key {why}"))?;
        Ok(Self { certificates, key })
    }
}

/// The system's own list. Where it is one file, the directory of the same certificates, a file each, is
/// not read as well.
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
