//! Writes a profile to the files that the AWS CLI and every SDK share
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>).

mod file;
pub mod ini;
mod settings;

use std::path::{Path, PathBuf};

use super::{Credentials, Request, question, shared_files};
use crate::cache::{self, Kept};
use crate::cloud::Given;
use crate::edited_file::contended;
use crate::error::{Error, Usage};
use crate::host::Env;
use crate::http::CaFile;
use crate::state::{self, NewFile, NewFiles};
pub(crate) use file::Written;
use file::{Change, SharedFile};
use ini::{Changed, Kind};

/// A profile to write.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: ProfileName,
    /// Whether SDKs renew its credentials, in place of static keys.
    pub refreshable: bool,
    /// Whether to overwrite a profile that is not from this program.
    pub overwrite: bool,
    /// Where the files are.
    pub files: Files,
    /// `--ca-file`, which a renewal needs too.
    pub ca_file: Option<CaFile>,
    /// `--allow-http`, which a renewal needs too.
    pub allow_http: Option<String>,
}

/// A profile's name. It has the characters that the AWS SDKs accept without quotes: letters, digits and `_-/.%@:+`
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileName(String);

impl ProfileName {
    /// Parses a name.
    ///
    /// # Errors
    /// If it has other characters, which SDKs ignore or which end a section's header. Also for `DEFAULT`: for Python,
    /// and so for the AWS CLI, it contains the defaults of all profiles.
    pub fn parse(text: &str) -> Result<Self, Usage> {
        if text == "DEFAULT" {
            return Err(Usage::new("--profile: the AWS CLI gives what is in [DEFAULT] to every other profile")
                .hint("write default, in lower case, for the default profile"));
        }
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&byte);
        if !text.is_empty() && text.bytes().all(good) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("--profile: `{text}` is not a profile's name"))
            .hint("use letters, digits and _-/.%@:+ only: the AWS SDKs do not read other names"))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    credentials: PathBuf,
    config: PathBuf,
}

impl Files {
    /// The files that `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` name, or those in `~/.aws`.
    ///
    /// # Errors
    /// If both are the same file, or there is no home directory.
    pub fn locate(env: &Env) -> Result<Self, Usage> {
        let place = |file: shared_files::SharedFile| {
            file.check(env)?;
            let path = file.path(env)?.ok_or_else(|| {
                Usage::new("--profile: HOME is not set to an absolute path")
                    .hint("name the files with AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE")
            })?;
            std::path::absolute(path).map_err(|error| Usage::new(format!("{}: {error}", file.variable)))
        };
        let files = Self { credentials: place(shared_files::CREDENTIALS)?, config: place(shared_files::CONFIG)? };
        if files.credentials == files.config {
            return Err(Usage::new("AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name one file"));
        }
        Ok(files)
    }

    fn path(&self, kind: Kind) -> &Path {
        match kind {
            Kind::Credentials => &self.credentials,
            Kind::Config => &self.config,
        }
    }
}

impl Profile {
    /// Checks that the profile can be written, before anything is sent.
    ///
    /// # Errors
    /// As [`Profile::write`].
    pub(super) async fn foresee(&self, request: &Request, place: &state::StateDir) -> Result<(), Error> {
        for change in self.changes(settings::foreseen(self, request)?, "") {
            SharedFile::foresee(self.files.path(change.kind), &change, place).await?;
        }
        Ok(())
    }

    /// Writes the profile to both files, or to neither. Only if the system fails between two renames, one may be
    /// written.
    ///
    /// # Errors
    /// [`Exit::Usage`](crate::error::Exit::Usage) if a file is malformed or has a profile of this name from
    /// elsewhere. [`Exit::Output`](crate::error::Exit::Output) if a file cannot be written, or cannot contain a
    /// value. The files are unchanged then.
    pub(super) async fn write(
        &self,
        request: &Request,
        credentials: &Credentials,
        given: &Given<'_>,
    ) -> Result<(), Error> {
        let (token, directory) = (given.token, given.place);
        let (settings, mut made) = if self.refreshable {
            let mut made = directory.open()?.new_files();
            (settings::renewing(self, request, token, &mut made).await?, Some(made))
        } else {
            (settings::keys(request, credentials)?, None)
        };
        let run: String = std::iter::repeat_with(fastrand::alphanumeric).take(16).collect();
        let changes = self.changes(settings, &run);
        if !self.put(&changes, directory, &mut made).await? && !self.put(&changes, directory, &mut made).await? {
            return Err(contended(&self.files.credentials).into());
        }
        if self.refreshable {
            seed(request, credentials, given).await;
        }
        Ok(())
    }

    /// Makes the changes in both files. Returns whether that is done: not if another program has changed one of them. `made` is kept
    /// then.
    async fn put(
        &self,
        changes: &[Change<'_>],
        directory: &state::StateDir,
        made: &mut Option<NewFiles>,
    ) -> Result<bool, Error> {
        let mut files = Vec::new();
        // Every process locks in this order. Otherwise two could wait for each other forever.
        for change in changes {
            let file = SharedFile::open(self.files.path(change.kind), directory).await?;
            let edited = file.with(change)?;
            files.push((file, edited, change));
        }
        let (mut filled, mut noted) = (Vec::new(), None);
        for (file, edited, change) in &files {
            let Some(Changed { text, marks }) = edited else { continue };
            let mut new = NewFile::beside(file.path())?;
            self.note(&mut new, &Written::new(file, change, marks), directory, &mut noted).await;
            file.fill(&mut new, change.kind, text)?;
            filled.push(new);
        }
        for (file, ..) in &files {
            if !file.is_as_read(directory).await? {
                return Ok(false);
            }
        }
        made.take().into_iter().for_each(NewFiles::keep);
        for new in filled {
            new.move_into_place()?;
            // From the first file on, `clean` has something to undo.
            noted.take().into_iter().for_each(NewFiles::keep);
        }
        Ok(true)
    }

    fn changes<'p>(&'p self, settings: settings::Settings, run: &'p str) -> [Change<'p>; 2] {
        let change = |kind, settings, elsewhere| Change {
            kind,
            profile: self.name.as_str(),
            settings,
            elsewhere,
            overwrite: self.overwrite,
            run,
        };
        // A setting in the credentials file overrides the same one in the configuration file.
        let config = settings.config.clone();
        [change(Kind::Config, settings.config, Vec::new()), change(Kind::Credentials, settings.credentials, config)]
    }

    /// The profile works even if the manifest could not be written.
    async fn note(
        &self,
        new: &mut NewFile,
        written: &Written,
        directory: &state::StateDir,
        changes: &mut Option<NewFiles>,
    ) {
        let noted = async {
            let mut files = match changes.take() {
                Some(files) => files,
                None => directory.open()?.new_files(),
            };
            let noted = files.change(new, Written::KIND, written).await;
            *changes = Some(files);
            noted
        };
        if let Err(error) = noted.await {
            tracing::warn!("{}; `oidc-exchange clean` will not remove the profile {}", error, self.name.as_str());
        }
    }
}

/// The first renewal can use the credentials that were just received.
async fn seed(request: &Request, credentials: &Credentials, given: &Given<'_>) {
    if !settings::needs_process(request) || !given.place.is_lasting() {
        return;
    }
    let key = question::key(request, None, given.token, &given.host.env);
    let kept = async { Ok::<(), Error>(cache::put(&key, given.place, &credentials.entry()?).await?) };
    if let Err(error) = kept.await {
        tracing::warn!("{error}; the first use of the profile asks AWS STS again");
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::host::Host;

    fn files(variables: &[(&str, &str)]) -> Result<Files, Usage> {
        Files::locate(&Host::fake(variables, SystemTime::UNIX_EPOCH).env)
    }

    #[test]
    fn the_files_are_where_the_sdks_look() {
        let usual = files(&[("HOME", "/h")]).unwrap();
        assert_eq!(
            (usual.credentials.as_path(), usual.config.as_path()),
            (Path::new("/h/.aws/credentials"), Path::new("/h/.aws/config"))
        );
        let named =
            files(&[("HOME", "/h"), ("AWS_SHARED_CREDENTIALS_FILE", "/c"), ("AWS_CONFIG_FILE", "~/x")]).unwrap();
        assert_eq!((named.credentials.as_path(), named.config.as_path()), (Path::new("/c"), Path::new("/h/x")));
        assert!(files(&[]).is_err());
        assert!(files(&[("AWS_SHARED_CREDENTIALS_FILE", "/c"), ("AWS_CONFIG_FILE", "/c")]).is_err());
    }

    #[test]
    fn a_name_cannot_end_its_own_header() {
        for good in ["ci", "default", "Default", "acme.prod-1", "a/b", "a%b", "a:b+c@d", &"x".repeat(200)] {
            assert!(ProfileName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "DEFAULT", "a]b", "a b", "a,b", "a=b", "a\nb", "[a", "a\"b", "a#b", "a;b", "a\\b", "ä"] {
            assert!(ProfileName::parse(bad).is_err(), "{bad}");
        }
    }
}
