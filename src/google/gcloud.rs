//! gcloud's configuration directory, and gsutil's files.
//!
//! gcloud keeps access tokens in its directory by account alone, and would serve one that another file's login left
//! there: so the job gets a directory of its own, with the settings of the old one.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::emit;
use crate::emit::ini::Value;
use crate::error::Usage;
use crate::host::Env;
use crate::state::{self, Error};

const CONFIGURATIONS: &str = "configurations";
const ACTIVE: &str = "active_config";

/// The directory that gcloud would use: `CLOUDSDK_CONFIG`, else `~/.config/gcloud`.
///
/// # Errors
/// As [`Env::get`].
pub fn directory(env: &Env) -> Result<Option<PathBuf>, Usage> {
    if let Some(path) = env.get("CLOUDSDK_CONFIG")? {
        return Ok(Some(path.into()));
    }
    Ok(env.get("HOME")?.map(|home| Path::new(&home).join(".config").join("gcloud")))
}

/// Copies the settings, but no credentials, from one directory into another.
///
/// # Errors
/// When there are settings that cannot be read, or cannot be written: a job that had chosen its project must not go on
/// without it.
pub fn copy_settings(from: &Path, to: &Path) -> Result<(), Error> {
    let unread = |path: &Path, error: std::io::Error| Error {
        path: to.into(),
        why: format!("cannot copy {}: {error}", path.display()),
        hint: Some("--keep-gcloud-config leaves gcloud with its own directory".into()),
    };
    copy_file(&from.join(ACTIVE), &to.join(ACTIVE)).map_err(|error| unread(&from.join(ACTIVE), error))?;
    let source = from.join(CONFIGURATIONS);
    let entries = match fs::read_dir(&source) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(unread(&source, error)),
    };
    let target = to.join(CONFIGURATIONS);
    state::private_directory(&target)?;
    for entry in entries {
        let name = entry.map_err(|error| unread(&source, error))?.file_name();
        if name.to_string_lossy().starts_with("config_") {
            copy_file(&source.join(&name), &target.join(&name)).map_err(|error| unread(&source.join(&name), error))?;
        }
    }
    Ok(())
}

/// A file that is not there is none to copy.
fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::read(from) {
        Ok(bytes) => state::write_private(to, &bytes),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The project that the active configuration in `directory` names.
///
/// # Errors
/// As [`Env::get`].
pub fn configured_project(directory: &Path, env: &Env) -> Result<Option<String>, Usage> {
    let active = match env.get("CLOUDSDK_ACTIVE_CONFIG_NAME")? {
        Some(name) => name,
        None => fs::read_to_string(directory.join(ACTIVE)).unwrap_or_else(|_| "default".into()),
    };
    let path = directory.join(CONFIGURATIONS).join(format!("config_{}", active.trim()));
    Ok(fs::read_to_string(path).ok().and_then(|text| project(&text)))
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

/// The files that gsutil reads, as `BOTO_PATH` names them: those it would have read, and `ours` last, which goes before
/// them. Files of ours from earlier exchanges, known by the start of their path, are left out.
///
/// # Errors
/// As [`Env::get`].
pub fn boto_path(env: &Env, ours: &str, of_earlier: &str) -> Result<String, Usage> {
    let before = match env.first(&["BOTO_CONFIG", "BOTO_PATH"])? {
        Some((_, paths)) => paths,
        // <https://docs.cloud.google.com/storage/docs/boto-gsutil>, in gsutil's own order.
        None => "/etc/boto.cfg:~/.boto".into(),
    };
    let before = before.split(':').filter(|path| !path.is_empty() && !path.starts_with(of_earlier));
    Ok(before.chain([ours]).collect::<Vec<_>>().join(":"))
}

/// What tells gsutil of the credentials file, and of a private directory for the tokens that it keeps: in its own
/// (`~/.gsutil`), others can read them.
///
/// # Errors
/// When a path is none that an INI file can hold.
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
