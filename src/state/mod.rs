//! What the job's exchanges leave behind: the private directory, and the manifest by which `clean` finds it all.

mod error;
mod lock;
mod manifest;
mod new_file;
mod new_files;
mod record;

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub use error::Error;
pub use lock::Lock;
pub use manifest::Cleaned;
pub use new_file::{Filled, NewFile};
pub use new_files::NewFiles;
pub use record::{Note, Outcome, Record};

use crate::error::Usage;
use crate::host::Env;

/// Where the private directory is, or will be once something needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: Option<PathBuf>,
    lasting: bool,
}

/// The private directory: there, ours, 0700.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl StateDir {
    /// `$OIDC_EXCHANGE_DIR`, else `~/.oidc-exchange/<job id>`. Nothing is made yet.
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn locate(env: &Env) -> Result<Self, Usage> {
        if let Some(path) = env.get("OIDC_EXCHANGE_DIR")? {
            let path = std::path::absolute(&path).map_err(|error| Usage::new(format!("OIDC_EXCHANGE_DIR: {error}")))?;
            return Ok(Self { path: Some(path), lasting: true });
        }
        let job = env.get("SEMAPHORE_JOB_ID")?.filter(|id| is_job_id(id));
        let home = env.get("HOME")?.map(PathBuf::from).filter(|home| home.is_absolute());
        let lasting = job.is_some() && home.is_some();
        let job = job.unwrap_or_else(random_name);
        Ok(Self { path: home.map(|home| home.join(".oidc-exchange").join(job)), lasting })
    }

    /// Whether later commands of this job find the same place again.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Makes the directory where it is missing, and checks that it is ours alone.
    ///
    /// # Errors
    /// When there is no place for it, it cannot be made, or it is a link, another's, or open to others.
    pub fn open(&self) -> Result<Directory, Error> {
        let path = self.path()?;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| Error::write(path, error))?;
        Directory::check(path)
    }

    /// The directory where it is already there.
    ///
    /// # Errors
    /// As [`StateDir::open`].
    pub fn existing(&self) -> Result<Option<Directory>, Error> {
        match &self.path {
            Some(path) if path.symlink_metadata().is_ok() => Directory::check(path).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether `path` is in there.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        self.path.as_ref().is_some_and(|place| path.starts_with(place))
    }

    fn path(&self) -> Result<&Path, Error> {
        self.path.as_deref().ok_or_else(|| Error {
            path: "~/.oidc-exchange".into(),
            why: "HOME is not set to an absolute path".into(),
            hint: Some("name a private directory with OIDC_EXCHANGE_DIR".into()),
        })
    }
}

impl Directory {
    fn check(path: &Path) -> Result<Self, Error> {
        let found = path.symlink_metadata().map_err(|error| Error::write(path, error))?;
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
            return Err(Error {
                path: path.into(),
                why: "other users may enter it".into(),
                hint: Some(format!("chmod 700 {}", crate::shell::posix::quote(&path.to_string_lossy()))),
            });
        }
        Ok(Self(path.into()))
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
    pub fn file(&self, stem: &str, content: impl FnOnce(&Path) -> String) -> Result<PathBuf, Error> {
        self.new_file(stem, |path| Ok(content(path).into_bytes()), None).map(|record| record.path().to_owned())
    }

    fn new_file(
        &self,
        stem: &str,
        content: impl FnOnce(&Path) -> Result<Vec<u8>, Error>,
        note: Option<Note>,
    ) -> Result<Record, Error> {
        let fail = |error: std::io::Error| Error::write(&self.0, error);
        let prefix = format!("{stem}-");
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(&prefix).permissions(Permissions::from_mode(0o600));
        let mut file = self
            .still_there(|| builder.tempfile_in(&self.0))
            .map_err(|error| Error::write(&self.0, new_file::without_temporary_name(&error)))?;
        let mut record = Record::of(file.as_file(), file.path()).map_err(fail)?;
        if let Some(note) = note {
            record = record.with(note);
        }
        self.append(&record)?;
        let bytes = content(file.path())?;
        std::io::Write::write_all(&mut file, &bytes).map_err(fail)?;
        file.keep().map_err(|error| fail(error.error))?;
        Ok(record)
    }

    /// Another exchange of the job may have removed the directory, empty, after we found it: it is made anew.
    fn still_there<T>(&self, make: impl Fn() -> std::io::Result<T>) -> std::io::Result<T> {
        make().or_else(|error| {
            if error.kind() != std::io::ErrorKind::NotFound {
                return Err(error);
            }
            DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            make()
        })
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes down what is about to be changed in the file at `path`, which is not ours. `value` is what it takes to undo
    /// that, and `kind` who can read it.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub fn record_change(&self, path: &Path, kind: &str, value: &impl serde::Serialize) -> Result<(), Error> {
        self.append(&Record::of_change(path, self.note(kind, value)?))
    }

    /// Writes down a file that is about to be put at `path`.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub fn record(&self, file: &Filled, path: &Path) -> Result<(), Error> {
        let path = std::path::absolute(path).map_err(|error| Error::write(path, error))?;
        self.append(&Self::record_of(file, &path)?)
    }

    fn record_of(file: &Filled, path: &Path) -> Result<Record, Error> {
        Record::of(file.handle(), path).map_err(|error| Error::write(path, error))
    }
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
