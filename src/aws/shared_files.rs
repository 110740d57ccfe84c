//! The configuration and the credentials file that the AWS CLI and every SDK share
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>).

use std::path::PathBuf;

use crate::error::{Error, Usage};
use crate::host::Env;
use crate::http::retry::Deadline;
use crate::input::{self, Fault, Kind, Reader};

/// One of the two files.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedFile {
    pub(super) variable: &'static str,
    usual: &'static str,
}

/// `AWS_CONFIG_FILE`, else `~/.aws/config`.
pub(super) const CONFIG: SharedFile = SharedFile { variable: "AWS_CONFIG_FILE", usual: "~/.aws/config" };

/// `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
pub(super) const CREDENTIALS: SharedFile =
    SharedFile { variable: "AWS_SHARED_CREDENTIALS_FILE", usual: "~/.aws/credentials" };

impl SharedFile {
    /// The path of the file; `None` if it is in a home directory that is not known.
    ///
    /// # Errors
    /// If a variable is not UTF-8.
    pub(super) fn path(self, env: &Env) -> Result<Option<PathBuf>, Usage> {
        let named = env.get(self.variable)?;
        let path = named.as_deref().unwrap_or(self.usual);
        let Some(below) = path.strip_prefix("~/") else { return Ok(Some(path.into())) };
        let home = env.get("HOME")?.map(PathBuf::from).filter(|home| home.is_absolute());
        Ok(home.map(|home| home.join(below)))
    }

    /// Refuses a path that the AWS tools read in different ways: for the AWS CLI an empty variable names no file, and
    /// `$NAME` in it is replaced. Others use the usual path, or the text as it is.
    ///
    /// # Errors
    /// If the variable is empty, or has `$`.
    pub(super) fn check(self, env: &Env) -> Result<(), Usage> {
        let Some(value) = env.raw(self.variable) else { return Ok(()) };
        let (variable, usual) = (self.variable, self.usual);
        let (why, hint) = if value.is_empty() {
            (format!("{variable} is set, and empty"), format!("unset it, or write {usual}"))
        } else if value.as_encoded_bytes().contains(&b'$') {
            (format!("{variable} has a `$`, which not every AWS tool replaces"), "write the path itself".to_owned())
        } else {
            return Ok(());
        };
        Err(Usage::new(why).hint(hint))
    }

    /// The name of the file's origin in errors.
    fn origin(self, env: &Env) -> &'static str {
        if env.raw(self.variable).is_some() { self.variable } else { self.usual }
    }

    /// Its content. A file that is missing, cannot be opened or is not UTF-8 counts as empty, as in the SDKs.
    fn text(self, env: &Env, reader: &Reader) -> Result<String, Usage> {
        // For the SDKs, an empty variable names no file.
        let path = if env.raw(self.variable).is_some_and(|value| value.is_empty()) { None } else { self.path(env)? };
        let Some(path) = path else { return Ok(String::new()) };
        let origin = self.origin(env);
        match reader.file(origin, &path, Kind::Configuration) {
            Ok(bytes) => Ok(String::from_utf8(bytes).unwrap_or_default()),
            Err(fault @ Fault::TooLarge(_)) => Err(fault.at(origin, &path)),
            Err(_) => Ok(String::new()),
        }
    }
}

/// The texts of both files.
#[derive(Debug)]
pub struct Texts {
    /// The configuration file's.
    pub config: String,
    /// The credentials file's.
    pub credentials: String,
}

/// Reads both files, with limits. The SDK would read them without limits.
///
/// # Errors
/// If one is too large, or cannot be read completely by `deadline`.
pub(super) async fn read(env: &Env, deadline: Deadline) -> Result<Texts, Error> {
    let env = env.clone();
    let reading = input::apart(deadline.remaining(), move |reader| {
        Ok::<Texts, Usage>(Texts { config: CONFIG.text(&env, reader)?, credentials: CREDENTIALS.text(&env, reader)? })
    });
    Ok(reading.await.map_err(|unfinished| unfinished.usage("before --timeout"))??)
}
