//! What the job's exchanges leave: the private directory, and the manifest with which `clean` finds everything.

#![allow(
    clippy::disallowed_methods,
    reason = "every file that is written is written here, and our own are opened here: not through links, not as pipes, and with a bound"
)]

mod directory;
mod error;
mod lock;
mod made;
mod manifest;
mod new_file;
mod new_files;
mod object;
mod own_file;
mod parents;
mod record;
mod removal;

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use directory::Directory;
pub use error::Error;
pub use lock::Lock;
pub use made::MadeDirectories;
pub use new_file::NewFile;
pub use new_files::NewFiles;
pub use own_file::{read_private, read_private_at_once};
pub use record::{Note, Outcome, Record};

use record::Made;

use crate::error::Usage;
use crate::host::Env;

/// The place of the private directory, which is created when it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: Option<PathBuf>,
    own: bool,
    lasting: bool,
    end: Option<Instant>,
}

impl StateDir {
    /// `$OIDC_EXCHANGE_DIR`, or else `~/.oidc-exchange/<job id>`. Nothing is created yet.
    ///
    /// # Errors
    /// As [`Env::get`], and if the variable's path is not absolute.
    pub fn locate(env: &Env) -> Result<Self, Usage> {
        if let Some(path) = env.get("OIDC_EXCHANGE_DIR")? {
            if !Path::new(&path).is_absolute() {
                return Err(relative(&path));
            }
            // A trailing slash would follow a symlink.
            let path = Some(Path::new(&path).components().collect());
            return Ok(Self { path, own: false, lasting: true, end: None });
        }
        let job = env.get("SEMAPHORE_JOB_ID")?.filter(|id| is_job_id(id));
        let home = env.get("HOME")?.map(PathBuf::from).filter(|home| home.is_absolute());
        let lasting = job.is_some() && home.is_some();
        let job = job.unwrap_or_else(random_name);
        let path = home.map(|home| home.join(".oidc-exchange").join(job).components().collect());
        Ok(Self { path, own: true, lasting, end: None })
    }

    /// The same, with `end` as the end of all waits for other processes.
    #[must_use]
    pub fn until(self, end: Option<Instant>) -> Self {
        Self { end, ..self }
    }

    /// The rest of `patience` from now, limited by the end of all waits.
    #[must_use]
    pub fn remaining(&self, patience: Duration) -> Duration {
        end(patience, self.end).saturating_duration_since(Instant::now())
    }

    /// Whether later commands of this job find the same place.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Creates the directory if it is missing, and checks that only this user can use it.
    ///
    /// # Errors
    /// If there is no place for it, or it cannot be created. If it is a symlink, belongs to another user, or is open
    /// to others. If another user could replace it.
    pub fn open(&self) -> Result<Directory, Error> {
        let directory = self.directory(self.path()?);
        directory.make()?;
        Ok(directory)
    }

    /// The directory, if it exists.
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

    /// Waits for the lock at `path`, for at most `patience`. The lock's file is recorded before it is created,
    /// because a killed process leaves it. If it cannot be recorded, the lock is created anyway: the file is empty.
    ///
    /// # Errors
    /// If it cannot be created, or another process holds it.
    pub async fn lock(&self, path: &Path, patience: Duration) -> Result<Lock, Error> {
        let end = end(patience, self.end);
        let mut noted = None;
        if let Ok(directory) = self.open() {
            let record = Record::new(path, Made::Empty, None);
            noted = directory.append(&record).await.is_ok().then(|| lock::Noted::new(directory, record));
        }
        Ok(Lock::wait(path, end).await?.with(noted))
    }

    /// Whether `path` is inside the directory.
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

/// Later commands of the job may run in another directory, and `clean` would delete nothing there. The value is not
/// shown: it may be a text that belongs into another variable.
fn relative(path: &str) -> Usage {
    let wrong = Usage::new("OIDC_EXCHANGE_DIR is not an absolute path");
    wrong.hint(if path.starts_with(['~', '$']) {
        "only a shell replaces ~ and $HOME, and not in single quotes: export OIDC_EXCHANGE_DIR=\"$HOME/NAME\""
    } else {
        "every command of the job must find the same directory: export OIDC_EXCHANGE_DIR=\"$PWD/NAME\""
    })
}

const NAME_ONE: &str = "name a private directory with OIDC_EXCHANGE_DIR";

fn end(patience: Duration, last: Option<Instant>) -> Instant {
    let end = Instant::now() + patience;
    last.map_or(end, |last| last.min(end))
}

/// Creates a directory with mode 0700 inside one of ours.
///
/// # Errors
/// If it cannot be created.
pub fn private_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).create(path).map_err(|error| Error::write(path, error))
}

/// Deletes a file.
///
/// # Errors
/// The operating system's error.
pub fn remove_file(path: &Path) -> std::io::Result<()> {
    std::fs::remove_file(path)
}

/// Writes a new file with mode 0600 inside a directory of ours.
///
/// # Errors
/// If it exists, or cannot be written.
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
