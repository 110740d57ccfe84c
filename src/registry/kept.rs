//! The private file of a registry: its password, the expiry, and the request that renews it.
//!
//! A job's file is named `registry-HOST`. The file of a COMMAND has a random suffix, so that several commands at once
//! do not affect each other.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Password, Renewal};
use crate::error::{Error, Exit, Report};
use crate::input::{self, Reader};
use crate::secret::Secret;
use crate::state::{self, Directory};

const STEM: &str = "registry-";
/// No host name contains this character.
const OF_COMMAND: char = '+';
const LOCK: &str = ".lock";

/// A larger file is not from this program.
const LARGEST: u64 = 1 << 20;

/// The timeout for reading a private file.
const A_MOMENT: Duration = Duration::from_secs(5);

/// The content of a registry's file.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The registry.
    pub server: String,
    /// Its password.
    pub password: Password,
    /// The request that gets it again.
    pub renewal: Renewal,
    /// The subject token, if the caller of the helper may not have it.
    pub token: Option<Secret>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    server: String,
    username: String,
    password: String,
    /// Seconds since 1970.
    expires: u64,
    renewal: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Kept {
    /// The file's content.
    #[must_use]
    pub fn text(&self) -> Secret {
        let Self { server, password, renewal, token } = self;
        let since = password.expires.duration_since(SystemTime::UNIX_EPOCH);
        let text = Text {
            server: server.clone(),
            username: password.username.clone(),
            password: password.secret.reveal().to_owned(),
            expires: since.map_or(0, |since| since.as_secs()),
            renewal: renewal.0.clone(),
            token: token.as_ref().map(|token| token.reveal().to_owned()),
        };
        Secret::new(serde_json::to_string(&text).unwrap_or_default())
    }

    /// Parses such a content.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text: Text = serde_json::from_str(text).ok()?;
        let expires = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(text.expires))?;
        let secret = Secret::new(text.password);
        Some(Self {
            server: text.server,
            password: Password { username: text.username, secret, expires },
            renewal: Renewal(text.renewal),
            token: text.token.map(Secret::new),
        })
    }

    /// Whether its password expires later than `margin` after `now`.
    #[must_use]
    pub fn lives(&self, now: SystemTime, margin: Duration) -> bool {
        now.checked_add(margin).is_some_and(|end| self.password.expires > end)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// If it cannot be read, or is invalid.
    pub async fn read(path: &Path) -> Result<Self, Error> {
        let named = path.to_owned();
        let read = input::apart(A_MOMENT, move |reader| Self::read_with(reader, &named));
        read.await.unwrap_or_else(|unfinished| Err(unreadable(path, &unfinished.to_string())))
    }

    fn read_with(reader: &Reader, path: &Path) -> Result<Self, Error> {
        let text = reader.by("the registry's file", path, |path| state::read_private(path, LARGEST));
        let text = text.unwrap_or_else(|fault| Err(std::io::Error::other(fault)));
        let text = text.map_err(|error| unreadable(path, &error.to_string()))?;
        Self::parse(&text).ok_or_else(|| unreadable(path, "it is not whole, or of another version"))
    }
}

fn unreadable(path: &Path, why: &str) -> Error {
    let report = Report::new(format!("cannot read {}: {why}", path.display()));
    Error::new(Exit::Output, report.hints(["register the registry again, with --registry".into()]))
}

/// The path of a new file for `server`.
pub(super) fn path(directory: &Directory, server: &str, of_command: bool) -> PathBuf {
    let end: String = if of_command {
        let random = std::iter::repeat_with(fastrand::alphanumeric).take(16);
        std::iter::once(OF_COMMAND).chain(random).collect()
    } else {
        String::new()
    };
    directory.path().join(format!("{STEM}{server}{end}"))
}

/// The lock of a file.
#[must_use]
pub fn lock(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(LOCK);
    path.with_file_name(name)
}

/// The files of `server`, in order of precedence: those of commands, newest first, then the job's.
///
/// # Errors
/// If the directory cannot be read.
pub async fn kept(directory: &Directory, server: &str) -> Result<Vec<PathBuf>, Error> {
    Ok(of_server(files(directory).await?, server))
}

/// The file of `server` with the highest precedence, and its content; `None` if the registry is not registered.
///
/// # Errors
/// If the directory or the file cannot be read, or the file is invalid.
pub fn answering(reader: &Reader, directory: &Directory, server: &str) -> Result<Option<(PathBuf, Kept)>, Error> {
    let found = of_server(listed(reader, directory.path())?, server).into_iter().next();
    found.map(|path| Kept::read_with(reader, &path).map(|kept| (path, kept))).transpose()
}

fn of_server(mut found: Vec<(String, PathBuf)>, server: &str) -> Vec<PathBuf> {
    found.retain(|(of, _)| of == server);
    let age =
        |path: &Path| path.symlink_metadata().and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let is_of_command = |path: &Path| path.to_string_lossy().contains(OF_COMMAND);
    found.sort_by_key(|(_, path)| std::cmp::Reverse((is_of_command(path), age(path))));
    found.into_iter().map(|(_, path)| path).collect()
}

/// The registries with a file.
///
/// # Errors
/// If the directory cannot be read.
pub async fn servers(directory: &Directory) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = files(directory).await?.into_iter().map(|(server, _)| server).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

async fn files(directory: &Directory) -> Result<Vec<(String, PathBuf)>, Error> {
    let path = directory.path().to_owned();
    let found = input::apart(A_MOMENT, move |reader| listed(reader, &path)).await;
    found.unwrap_or_else(|unfinished| Err(unreadable(directory.path(), &unfinished.to_string())))
}

fn listed(reader: &Reader, directory: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let names = reader.names_in("the private directory", directory);
    let names = names.map_err(|fault| unreadable(directory, &fault.to_string()))?;
    let found = names.into_iter().filter_map(|name| {
        let text = name.to_str()?.strip_prefix(STEM)?;
        let server = text.split(OF_COMMAND).next()?.to_owned();
        (!text.ends_with(LOCK)).then(|| (server, directory.join(name)))
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(password: String, seconds in 0_u64..4_000_000_000, token: Option<String>) {
            let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let kept = Kept {
                server: "gcr.io".into(),
                password: Password { username: "AWS".into(), secret: Secret::new(password.clone()), expires },
                renewal: Renewal(vec!["aws".into(), "it's\n".into()]),
                token: token.clone().map(Secret::new),
            };
            let found = Kept::parse(kept.text().reveal()).unwrap();
            prop_assert_eq!(found.password.secret.reveal(), password);
            prop_assert_eq!(found.password.expires, expires);
            prop_assert_eq!((found.renewal, found.server), (kept.renewal, kept.server));
            prop_assert_eq!(found.token.map(|token| token.reveal().to_owned()), token);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            let _ = Kept::parse(&text);
        }
    }

    #[test]
    fn a_password_is_fresh_until_shortly_before_its_end() {
        let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let password = Password { username: "AWS".into(), secret: Secret::new("x".into()), expires };
        let kept = Kept { server: "a".into(), password, renewal: Renewal(Vec::new()), token: None };
        let lives =
            |at, margin| kept.lives(SystemTime::UNIX_EPOCH + Duration::from_secs(at), Duration::from_secs(margin));
        assert!(lives(699, 300) && !lives(700, 300) && lives(999, 0) && !lives(1000, 0));
    }
}
