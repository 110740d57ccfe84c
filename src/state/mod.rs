//! What the job's exchanges leave behind: the private directory, and the manifest by which `clean` finds it all.

mod error;
mod lock;
mod manifest;
mod new_file;
mod new_files;
mod object;
mod own_file;
mod parents;
mod record;

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use error::Error;
pub use lock::Lock;
pub use new_file::NewFile;
pub use new_files::NewFiles;
pub use own_file::read_private;
pub use record::{Note, Outcome, Record};

use object::Seen;
use record::Made;

use crate::error::Usage;
use crate::host::Env;
use crate::secret::Secret;
use crate::shell::posix::quote;

/// Where the private directory is, or will be once something needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: Option<PathBuf>,
    own: bool,
    lasting: bool,
    end: Option<Instant>,
}

/// The private directory: there, ours, 0700.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Whether its name is ours too, and not one that the user gave.
    own: bool,
    end: Option<Instant>,
}

impl StateDir {
    /// `$OIDC_EXCHANGE_DIR`, else `~/.oidc-exchange/<job id>`. Nothing is made yet.
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn locate(env: &Env) -> Result<Self, Usage> {
        if let Some(path) = env.get("OIDC_EXCHANGE_DIR")? {
            let path = std::path::absolute(&path).map_err(|error| Usage::new(format!("OIDC_EXCHANGE_DIR: {error}")))?;
            // A slash at the end would lead through a link.
            let path = Some(path.components().collect());
            return Ok(Self { path, own: false, lasting: true, end: None });
        }
        let job = env.get("SEMAPHORE_JOB_ID")?.filter(|id| is_job_id(id));
        let home = env.get("HOME")?.map(PathBuf::from).filter(|home| home.is_absolute());
        let lasting = job.is_some() && home.is_some();
        let job = job.unwrap_or_else(random_name);
        let path = home.map(|home| home.join(".oidc-exchange").join(job).components().collect());
        Ok(Self { path, own: true, lasting, end: None })
    }

    /// The same, with no wait for another process beyond `end`.
    #[must_use]
    pub fn until(self, end: Option<Instant>) -> Self {
        Self { end, ..self }
    }

    /// Whether later commands of this job find the same place again.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Makes the directory where it is missing, and checks that it is ours alone.
    ///
    /// # Errors
    /// When there is no place for it, it cannot be made, it is a link, another's, or open to others, or another user
    /// could put another one in its place.
    pub fn open(&self) -> Result<Directory, Error> {
        let directory = self.directory(self.path()?);
        directory.make()?;
        Ok(directory)
    }

    /// The directory where it is already there.
    ///
    /// # Errors
    /// As [`StateDir::open`].
    pub fn existing(&self) -> Result<Option<Directory>, Error> {
        let Some(path) = &self.path else { return Ok(None) };
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let directory = self.directory(path);
        directory.check()?;
        Ok(Some(directory))
    }

    /// Takes the lock at `path`, waiting for it for `patience` at most. Its file is written down before, since a process
    /// that is killed leaves it behind; where that cannot be, it is an empty file, and no reason to go without the lock.
    ///
    /// # Errors
    /// When it cannot be made, or another process keeps it.
    pub async fn lock(&self, path: &Path, patience: Duration) -> Result<Lock, Error> {
        let end = end(patience, self.end);
        let mut noted = None;
        if let Ok(directory) = self.open() {
            let record = Record::new(path, Made::Empty, None);
            noted = directory.append(&record).await.is_ok().then(|| lock::Noted::new(directory, record));
        }
        Ok(Lock::wait(path, end).await?.with(noted))
    }

    /// Whether `path` is in there.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        self.path.as_ref().is_some_and(|place| path.starts_with(place))
    }

    fn directory(&self, path: &Path) -> Directory {
        Directory { path: path.into(), own: self.own, end: self.end }
    }

    fn path(&self) -> Result<&Path, Error> {
        self.path.as_deref().ok_or_else(|| Error {
            path: "~/.oidc-exchange".into(),
            why: "HOME is not set to an absolute path".into(),
            hint: Some(NAME_ONE.into()),
        })
    }
}

/// The mode of a directory that is not in its manifest yet, or no longer: nobody gives it to one of his own.
const IN_THE_MAKING: u32 = 0o300;

const NAME_ONE: &str = "name a private directory with OIDC_EXCHANGE_DIR";

impl Directory {
    /// Makes it where it is missing. Where the user gave its name, the manifest tells that it is ours, since an empty
    /// directory of the user's own is none to delete. Until then its mode tells that.
    fn make(&self) -> Result<(), Error> {
        parents::check(&self.path)?;
        let access = if self.own { 0o700 } else { IN_THE_MAKING };
        let directory = || DirBuilder::new().mode(access).create(&self.path);
        let made = directory().or_else(|error| match (error.kind(), self.path.parent()) {
            (ErrorKind::NotFound, Some(parent)) => {
                DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
                directory()
            }
            _ => Err(error),
        });
        if let Err(error) = made {
            let error = Error::write(&self.path, error);
            match self.path.symlink_metadata() {
                Ok(found) if found.is_dir() || found.is_symlink() => {}
                Ok(_) => return Err(error),
                Err(_) => return Err(Error { hint: Some(NAME_ONE.into()), ..error }),
            }
        }
        self.check_itself()?;
        if self.is_in_the_making()
            && let Ok(found) = Seen::at(&self.path)
            // Where the manifest takes nothing, what comes next says so.
            && self.begin(&Record::new(&self.path, Made::PrivateDirectory { object: found.object }, None)).is_ok()
        {
            self.set_mode(0o700)?;
        }
        Ok(())
    }

    fn set_mode(&self, mode: u32) -> Result<(), Error> {
        let changed = std::fs::set_permissions(&self.path, Permissions::from_mode(mode));
        changed.map_err(|error| Error::write(&self.path, error))
    }

    fn is_in_the_making(&self) -> bool {
        let found = self.path.symlink_metadata();
        !self.own && found.is_ok_and(|found| found.permissions().mode() & 0o7777 == IN_THE_MAKING)
    }

    fn check(&self) -> Result<(), Error> {
        parents::check(&self.path)?;
        self.check_itself()
    }

    fn check_itself(&self) -> Result<(), Error> {
        let path = &self.path;
        let found = path.symlink_metadata().map_err(|error| Error::write(path, error))?;
        if found.is_symlink() {
            return Err(Error::write(path, "it is a symbolic link"));
        }
        if !found.is_dir() {
            return Err(Error::write(path, "it is not a directory"));
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(Error {
                path: path.into(),
                why: "it belongs to another user".into(),
                hint: Some("name a directory of your own with OIDC_EXCHANGE_DIR".into()),
            });
        }
        if found.permissions().mode() & 0o077 != 0 {
            let hint = if self.own {
                format!("chmod 700 {}", quote(&path.to_string_lossy()))
            } else if parents::is_safe(path, &found) {
                // It may be the system's, /tmp say: it is not ours to be closed to others.
                let within = path.join("oidc-exchange");
                format!("name a directory of its own: export OIDC_EXCHANGE_DIR={}", quote(&within.to_string_lossy()))
            } else {
                parents::ELSEWHERE.into()
            };
            return Err(Error { hint: Some(hint), ..Error::write(path, "other users may enter it") });
        }
        Ok(())
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For an exchange that will make something here.
    #[must_use]
    pub fn new_files(self) -> NewFiles {
        NewFiles::new(self)
    }

    /// A new 0600 file here, in the manifest before a byte is in it. `content` is given its path.
    ///
    /// # Errors
    /// When it cannot be made, written down or written.
    pub async fn file(&self, stem: &str, content: impl FnOnce(&Path) -> Secret) -> Result<PathBuf, Error> {
        let path = self.free(stem);
        let bytes = content(&path);
        let bytes = bytes.reveal().as_bytes();
        let mut file = self.new_file(path.clone());
        self.record_file(&mut file, bytes, None).await?;
        file.fill(bytes)?;
        file.move_into_place()?;
        Ok(path)
    }

    /// A path in the directory that nobody has.
    fn free(&self, stem: &str) -> PathBuf {
        self.path.join(format!("{stem}-{}", random_name()))
    }

    fn new_file(&self, path: PathBuf) -> NewFile {
        NewFile::at(path, &self.path)
    }

    /// Writes down a file that is about to be filled with `bytes` and put in its place.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub async fn record(&self, file: &mut NewFile, bytes: &[u8]) -> Result<(), Error> {
        self.record_file(file, bytes, None).await.map(drop)
    }

    async fn record_file(&self, file: &mut NewFile, bytes: &[u8], note: Option<Note>) -> Result<Vec<Record>, Error> {
        let mut records = self.record_name(file).await?;
        let made = Made::file(file.object()?, bytes, file.temporary()?);
        let record = Record::new(file.path()?, made, note);
        self.append(&record).await?;
        records.push(record);
        Ok(records)
    }

    /// Writes down what is about to be changed in the file of somebody else's that `file` will replace. `value` is what it
    /// takes to undo that, and `kind` who can read it.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    async fn record_change(
        &self,
        file: &mut NewFile,
        kind: &str,
        value: &impl serde::Serialize,
    ) -> Result<Vec<Record>, Error> {
        let note = self.note(kind, value)?;
        self.record_copy(file, Some(note)).await
    }

    /// Writes down that a file of somebody else's is about to be replaced by `file`, with nothing of ours in it.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub async fn record_restored(&self, file: &mut NewFile) -> Result<(), Error> {
        self.record_copy(file, None).await.map(drop)
    }

    async fn record_copy(&self, file: &mut NewFile, note: Option<Note>) -> Result<Vec<Record>, Error> {
        let mut records = self.record_name(file).await?;
        let made = Made::Change { object: file.object()?, temporary: file.temporary()? };
        let record = Record::new(file.path()?, made, note);
        self.append(&record).await?;
        records.push(record);
        Ok(records)
    }

    /// A file that is made with a name has that in the manifest before.
    async fn record_name(&self, file: &NewFile) -> Result<Vec<Record>, Error> {
        if file.is_made() {
            return Ok(Vec::new());
        }
        let record = Record::new(file.temporary()?, Made::Empty, None);
        self.append(&record).await?;
        Ok(vec![record])
    }

    /// `patience` from now, but no later than the run's own end.
    fn end(&self, patience: Duration) -> Instant {
        end(patience, self.end)
    }
}

fn end(patience: Duration, last: Option<Instant>) -> Instant {
    let end = Instant::now() + patience;
    last.map_or(end, |last| last.min(end))
}

/// Makes a directory that is ours alone, inside one that is.
///
/// # Errors
/// When it cannot be made.
pub fn private_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).create(path).map_err(|error| Error::write(path, error))
}

/// Writes a new 0600 file, inside a directory that is ours.
///
/// # Errors
/// When it is there already, or cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    std::io::Write::write_all(&mut file, bytes)
}

fn is_job_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn random_name() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(20).collect()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::host::Host;

    fn place(variables: &[(&str, &str)]) -> Option<PathBuf> {
        StateDir::locate(&Host::fake(variables, SystemTime::UNIX_EPOCH).env).unwrap().path
    }

    #[test]
    fn the_place_is_the_jobs_own() {
        assert_eq!(place(&[("HOME", "/h"), ("SEMAPHORE_JOB_ID", "a-1")]), Some("/h/.oidc-exchange/a-1".into()));
        assert_eq!(place(&[("OIDC_EXCHANGE_DIR", "/d"), ("HOME", "/h")]), Some("/d".into()));
        assert_eq!(place(&[("SEMAPHORE_JOB_ID", "a-1")]), None);
        assert_eq!(place(&[("HOME", "relative")]), None);
    }

    #[test]
    fn a_job_id_that_could_lead_elsewhere_is_replaced() {
        for bad in ["../../etc", "a/b", "", "x".repeat(65).as_str(), "a b"] {
            let place = place(&[("HOME", "/h"), ("SEMAPHORE_JOB_ID", bad)]).unwrap();
            let name = place.file_name().unwrap().to_string_lossy().into_owned();
            assert!(place.parent().unwrap().ends_with(".oidc-exchange") && name != bad && is_job_id(&name), "{name}");
        }
    }
}
