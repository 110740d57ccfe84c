//! One of the shared files: locked, read, and replaced whole.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ini::{self, Changed, Kind, Malformed, Refused, Setting, Wanted};

use crate::error::{Error, Usage};
use crate::input;
use crate::state::{self, Lock, NewFile, StateDir};

/// How long other exchanges may hold the lock, each for some milliseconds, and how long a file may take to be read.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to become of one file.
pub(super) struct Change<'p> {
    pub(super) kind: Kind,
    pub(super) profile: &'p str,
    pub(super) settings: Vec<Setting>,
    /// Settings of the other file that this one would beat.
    pub(super) elsewhere: Vec<Setting>,
    pub(super) overwrite: bool,
    /// What tells this run from every other one.
    pub(super) run: &'p str,
}

/// A file under its lock.
pub(super) struct SharedFile {
    path: PathBuf,
    text: Vec<u8>,
    /// Nothing where the file is not there.
    mode: Option<u32>,
    _lock: Lock,
}

impl SharedFile {
    /// Locks and reads what is at `path`, or where a link there leads. The directory is made where it is missing.
    pub(super) async fn open(path: &Path, place: &StateDir) -> Result<Self, state::Error> {
        let path = resolve(path)?;
        let parent = path.parent().ok_or_else(|| state::Error::write(&path, "it is a directory"))?;
        state::make_directories(parent).map_err(|error| no_place(&path, error))?;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".oidc-exchange.lock");
        let lock = place.lock(&parent.join(name), PATIENCE).await?;
        let (text, mode) = read(&path, place).await?.map_or((Vec::new(), None), |(text, mode)| (text, Some(mode)));
        Ok(Self { path, text, mode, _lock: lock })
    }

    /// Sees that `change` could be made; what is missing is not made yet.
    pub(super) async fn foresee(path: &Path, change: &Change<'_>, place: &StateDir) -> Result<(), Error> {
        let resolved = resolve(path)?;
        let text = read(&resolved, place).await?.map(|(text, _)| text).unwrap_or_default();
        changed(&resolved, &text, change, false)?;
        let directory = resolved.ancestors().skip(1).find(|directory| directory.exists());
        let directory = directory.ok_or_else(|| state::Error::write(&resolved, "it is a directory"))?;
        let probe = NewFile::beside(&directory.join(resolved.file_name().unwrap_or_default()));
        probe.map_err(|error| no_place(&resolved, error.why))?;
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The text with `change` made, or nothing where it would be the same.
    pub(super) fn with(&self, change: &Change<'_>) -> Result<Option<Changed>, Error> {
        if let Some(header) = ini::odd_header(&self.text, change.kind, change.profile) {
            tracing::warn!(
                "{} has the profile as [{header}], where some tools do not find it: write [{}]",
                self.path.display(),
                change.kind.section(change.profile)
            );
        }
        changed(&self.path, &self.text, change, self.mode.is_none())
    }

    /// Fills `new` with `text`. Its mode becomes the old one's, but nobody else reads credentials.
    pub(super) fn fill(&self, new: &mut NewFile, kind: Kind, text: &[u8]) -> Result<(), state::Error> {
        new.fill(text)?;
        match (kind, self.mode) {
            (Kind::Config, Some(mode)) => new.set_mode(mode & 0o777),
            (Kind::Config, None) | (Kind::Credentials, _) => Ok(()),
        }
    }
}

/// A directory that takes no file, which may be the home of a user who has none.
fn no_place(path: &Path, why: impl std::fmt::Display) -> state::Error {
    let hint = Some("name other files with AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE".into());
    state::Error { hint, ..state::Error::write(path, why) }
}

fn changed(path: &Path, text: &[u8], change: &Change<'_>, new_file: bool) -> Result<Option<Changed>, Error> {
    let Change { kind, profile, settings, elsewhere, overwrite, run } = change;
    let wanted = Wanted { profile, settings, elsewhere, overwrite: *overwrite, run, new_file };
    ini::set(text, *kind, &wanted).map_err(|refused| {
        Error::from(match refused {
            Refused::Malformed(fault) => malformed(path, &fault),
            Refused::Foreign { keys } => Usage::new(format!(
                "--profile: {} has a profile {} that is not ours ({})",
                path.display(),
                change.profile,
                keys.join(", ")
            ))
            .hint("choose another name, or take it over with --overwrite-profile; its other settings are kept"),
        })
    })
}

fn malformed(path: &Path, fault: &Malformed) -> Usage {
    Usage::new(format!("--profile: {}, {fault}", path.display()))
        .hint("correct this line: the AWS CLI cannot read the file either. It was left as it is")
}

/// The file itself, where `path` is a link to it.
fn resolve(path: &Path) -> Result<PathBuf, state::Error> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => std::fs::canonicalize(path)
            .map_err(|error| state::Error::write(path, format!("it is a symbolic link that leads nowhere: {error}"))),
        _ => Ok(path.to_owned()),
    }
}

/// The text and the mode of an ordinary file of ours; nothing where there is none.
async fn read(path: &Path, place: &StateDir) -> Result<Option<(Vec<u8>, u32)>, state::Error> {
    let fail = |why: &str| state::Error::write(path, why);
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(state::Error::write(path, error)),
    };
    if found.is_dir() {
        return Err(fail("it is a directory"));
    }
    if !found.is_file() {
        return Err(fail("it is not an ordinary file"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(fail("it belongs to another user"));
    }
    let named = path.to_owned();
    let reading = input::apart(place.remaining(PATIENCE), move |reader| {
        reader.file("--profile", &named, input::Kind::Configuration)
    });
    let text = reading.await.map_err(|_| fail("it cannot be read: that did not end in time"))?;
    let text = text.map_err(|fault| state::Error::write(path, fault))?;
    Ok(Some((text, found.permissions().mode())))
}

/// What `clean` must know to take a profile out again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Written {
    profile: String,
    file: PathBuf,
    kind: Kind,
    /// The comments in the file that tell what this run wrote.
    marks: Vec<String>,
}

impl Written {
    /// The kind of its note in the manifest.
    pub(crate) const KIND: &'static str = "aws-profile";

    pub(super) fn new(file: &SharedFile, change: &Change<'_>, marks: &[String]) -> Self {
        Self { profile: change.profile.to_owned(), file: file.path.clone(), kind: change.kind, marks: marks.to_vec() }
    }

    /// Takes out what was written, where it is still there and still ours; whether it was.
    ///
    /// # Errors
    /// Why it could not be.
    pub(crate) async fn undo(&self, place: &StateDir) -> Result<bool, String> {
        let why = |error: state::Error| error.to_string();
        if read(&self.file, place).await.map_err(why)?.is_none() {
            return Ok(false);
        }
        let file = SharedFile::open(&self.file, place).await.map_err(why)?;
        let restored = ini::unset(&file.text, self.kind, &self.profile, &self.marks);
        let Some(restored) = restored.map_err(|fault| fault.to_string())? else { return Ok(false) };
        if restored.ours && restored.text.trim_ascii().is_empty() {
            state::remove_file(&file.path).map_err(|error| error.to_string())?;
        } else {
            let mut new = NewFile::beside(&file.path).map_err(why)?;
            place.open().map_err(why)?.record_restored(&mut new).await.map_err(why)?;
            file.fill(&mut new, self.kind, &restored.text).and_then(|()| new.put()).map_err(why)?;
        }
        Ok(true)
    }
}
