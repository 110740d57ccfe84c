//! gcloud's configuration directory, and gsutil's files.
//!
//! gcloud stores access tokens in its directory by account only. It would use one from an earlier login with another
//! file. So the job gets a directory of its own, with the settings of the old one.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::emit;
use crate::emit::ini::Value;
use crate::error::Usage;
use crate::host::Env;
use crate::input::{Fault, Kind, Reader};
use crate::state::{self, Error};

const CONFIGURATIONS: &str = "configurations";
const ACTIVE: &str = "active_config";
const PREFIX: &str = "config_";

/// gcloud's current directory: `CLOUDSDK_CONFIG`, or else `~/.config/gcloud`.
///
/// # Errors
/// As [`Env::get`].
pub fn directory(env: &Env) -> Result<Option<PathBuf>, Usage> {
    if let Some(path) = env.get("CLOUDSDK_CONFIG")? {
        return Ok(Some(path.into()));
    }
    Ok(env.get("HOME")?.map(|home| Path::new(&home).join(".config").join("gcloud")))
}

/// The settings in gcloud's directory, without its credentials.
#[derive(Debug, Default)]
pub struct Settings {
    /// The content of [`ACTIVE`].
    active: Option<Vec<u8>>,
    /// The name of the active configuration's file.
    chosen: String,
    /// The files in [`CONFIGURATIONS`] by name; `None` if there is no such directory.
    configurations: Option<Vec<(OsString, Vec<u8>)>>,
    /// Other configurations than the active one that cannot be read.
    left_out: Vec<Unread>,
}

/// Which settings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The active configuration, for its project.
    Active,
    /// All of them, to be copied.
    All,
}

/// Settings that cannot be read.
#[derive(Debug)]
pub struct Unread {
    path: PathBuf,
    why: Fault,
}

impl Unread {
    /// The error that the settings cannot be copied to `to`.
    #[must_use]
    pub fn copying(&self, to: &Path) -> Error {
        Error {
            path: to.into(),
            why: format!("cannot copy {}: {}", self.path.display(), self.why),
            hint: Some("--keep-gcloud-config leaves gcloud with its own directory".into()),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}: {}", self.path.display(), self.why)
    }
}

const ORIGIN: &str = "gcloud's configuration";

/// A missing file is not copied.
fn present<T>(read: Result<T, Fault>, path: &Path) -> Result<Option<T>, Unread> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.is_absence() => Ok(None),
        Err(why) => Err(Unread { path: path.to_owned(), why }),
    }
}

impl Settings {
    /// Reads the settings in `directory`. `active` is the value of `CLOUDSDK_ACTIVE_CONFIG_NAME`, which overrides the
    /// name in the directory. Other configurations than the active one are left out if they are invalid.
    ///
    /// # Errors
    /// If the active configuration, or its name, cannot be read.
    pub fn read(reader: &Reader, directory: &Path, active: Option<String>, extent: Extent) -> Result<Self, Unread> {
        let file = |path: PathBuf| present(reader.file(ORIGIN, &path, Kind::Configuration), &path);
        let mut settings = Self::default();
        let path = directory.join(ACTIVE);
        let name = match (active, extent) {
            (Some(name), Extent::Active) => name,
            (Some(name), Extent::All) => {
                settings.active = settings.other(reader, &path, Kind::Configuration.largest());
                name
            }
            (None, _) => {
                settings.active = file(path)?;
                let active = settings.active.as_ref();
                active.map_or_else(|| "default".into(), |name| String::from_utf8_lossy(name).into_owned())
            }
        };
        settings.chosen = format!("{PREFIX}{}", name.trim());
        let source = directory.join(CONFIGURATIONS);
        // <https://docs.cloud.google.com/sdk/gcloud/reference/config/configurations/create>
        let is_name = |name: &str| {
            name.len() < 200 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let chosen = if is_name(&settings.chosen) { file(source.join(&settings.chosen))? } else { None };
        let mut configurations: Vec<(OsString, Vec<u8>)> =
            chosen.into_iter().map(|bytes| (settings.chosen.clone().into(), bytes)).collect();
        if extent == Extent::All {
            let Some(names) = present(reader.names_in(ORIGIN, &source), &source)? else { return Ok(settings) };
            let mut room = Kind::Configuration.largest();
            for name in names.into_iter().filter(|name| name.to_string_lossy().starts_with(PREFIX)) {
                if *name == *settings.chosen {
                    continue;
                }
                if let Some(bytes) = settings.other(reader, &source.join(&name), room) {
                    room = room.saturating_sub(bytes.len() as u64);
                    configurations.push((name, bytes));
                }
            }
        }
        settings.configurations = Some(configurations);
        Ok(settings)
    }

    /// Reads a file that is not the active configuration. All of them together have at most `room` bytes.
    fn other(&mut self, reader: &Reader, path: &Path, room: u64) -> Option<Vec<u8>> {
        let read = reader.ordinary_file(ORIGIN, path, Kind::Configuration).and_then(|bytes| {
            let fits = bytes.len() as u64 <= room;
            if fits { Ok(bytes) } else { Err(Fault::TooLarge(room)) }
        });
        present(read, path).unwrap_or_else(|unread| {
            self.left_out.push(unread);
            None
        })
    }

    /// Writes the settings to a new directory.
    ///
    /// # Errors
    /// If they cannot be written: a job that has chosen its project must not continue without it.
    pub fn write(&self, to: &Path) -> Result<(), Error> {
        let write =
            |path: PathBuf, bytes: &[u8]| state::write_private(&path, bytes).map_err(|error| Error::write(path, error));
        for unread in &self.left_out {
            tracing::warn!("{unread}; the directory in CLOUDSDK_CONFIG does not have this configuration");
        }
        if let Some(active) = &self.active {
            write(to.join(ACTIVE), active)?;
        }
        if let Some(configurations) = &self.configurations {
            let target = to.join(CONFIGURATIONS);
            state::private_directory(&target)?;
            configurations.iter().try_for_each(|(name, bytes)| write(target.join(name), bytes))?;
        }
        Ok(())
    }

    /// The project in the active configuration.
    #[must_use]
    pub fn project(&self) -> Option<String> {
        let found = self.configurations.iter().flatten().find(|(found, _)| **found == *self.chosen);
        found.and_then(|(_, bytes)| project(std::str::from_utf8(bytes).ok()?))
    }
}

/// `project` in the section `core` of an INI file.
fn project(text: &str) -> Option<String> {
    let mut section = "";
    text.lines().map(str::trim).find_map(|line| {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        }
        let (key, value) = line.split_once(['=', ':'])?;
        (section == "core" && key.trim() == "project")
            .then(|| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    })
}

/// The files that gsutil reads, as a value of `BOTO_PATH`: its usual files, and `ours` as the last one, which
/// overrides them. Files from earlier exchanges are left out; their paths start with `of_earlier`.
///
/// # Errors
/// As [`Env::get`].
pub fn boto_path(env: &Env, ours: &str, of_earlier: &str) -> Result<String, Usage> {
    let before = match env.first(&["BOTO_CONFIG", "BOTO_PATH"])? {
        Some((_, paths)) => paths,
        // The order is gsutil's: <https://docs.cloud.google.com/storage/docs/boto-gsutil>.
        None => "/etc/boto.cfg:~/.boto".into(),
    };
    let before = before.split(':').filter(|path| !path.is_empty() && !path.starts_with(of_earlier));
    Ok(before.chain([ours]).collect::<Vec<_>>().join(":"))
}

/// A file that names the credentials file for gsutil, and a private directory for its tokens. In gsutil's default
/// directory (`~/.gsutil`), others can read the tokens.
///
/// # Errors
/// If the INI format cannot express a path.
pub fn boto_file(credentials: &str, state: &str) -> Result<String, emit::Error> {
    // In these files, a per cent sign starts a reference to another value.
    let line = |key, path: &str| Value::new(key, path.replace('%', "%%")).map(|value| value.line(key));
    let credentials = line("gs_external_account_file", credentials)?;
    Ok(format!("[Credentials]\n{credentials}\n[GSUtil]\n{}\n", line("state_dir", state)?))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::host::Host;

    fn env(variables: &[(&str, &str)]) -> Env {
        Host::fake(variables, SystemTime::UNIX_EPOCH).env
    }

    #[test]
    fn a_configuration_names_its_project_in_core_alone() {
        assert_eq!(project("[core]\naccount = a\nproject = my-proj\n").as_deref(), Some("my-proj"));
        assert_eq!(project("[billing]\nproject = other\n[core]\n project=my-proj").as_deref(), Some("my-proj"));
        assert_eq!(project("[billing]\nproject = other\n"), None);
        assert_eq!(project("[core]\n# project = x\nproject =\n"), None);
    }

    #[test]
    fn ours_is_read_last_and_once() {
        let path = |variables: &[(&str, &str)]| boto_path(&env(variables), "/d/boto-2", "/d/boto-").unwrap();
        assert_eq!(path(&[]), "/etc/boto.cfg:~/.boto:/d/boto-2");
        assert_eq!(path(&[("BOTO_PATH", "/a::/d/boto-1")]), "/a:/d/boto-2");
        assert_eq!(path(&[("BOTO_CONFIG", "/c"), ("BOTO_PATH", "/a")]), "/c:/d/boto-2");
    }

    #[test]
    fn a_path_cannot_add_a_setting_to_gsutils_file() {
        let file = boto_file("/d/100%", "/d/s").unwrap();
        assert_eq!(file, "[Credentials]\ngs_external_account_file = /d/100%%\n[GSUtil]\nstate_dir = /d/s\n");
        assert!(boto_file("/d\n[Boto]\nproxy = x", "/d/s").is_err() && boto_file("/d", "/s\r[Boto]").is_err());
    }

    #[test]
    fn the_directory_is_gclouds_own() {
        assert_eq!(directory(&env(&[("HOME", "/h")])).unwrap(), Some("/h/.config/gcloud".into()));
        assert_eq!(directory(&env(&[("HOME", "/h"), ("CLOUDSDK_CONFIG", "/c")])).unwrap(), Some("/c".into()));
        assert_eq!(directory(&env(&[])).unwrap(), None);
    }
}
