//! Registers the helper in Docker's configuration: the check before the exchange, the change, and its end.

use std::path::{Path, PathBuf};

use super::place::{EDITOR, config, find_helper};
use super::written::Written;
use super::{Login, Options, callers, docker_config, kept};
use crate::edited_file::EditedFile;
use crate::error::{Error, Usage};
use crate::host::Env;
use crate::secret::Secret;
use crate::state::{self, NewFile, NewFiles, Outcome, StateDir};
use crate::subject::SubjectToken;

/// Registered registries. Their private files are deleted on drop, unless they are [kept](Self::keep).
#[derive(Debug)]
pub struct Registration {
    files: NewFiles,
    paths: Vec<PathBuf>,
}

/// Checks, before anything is sent, that `servers` can be registered and that the helper will work.
///
/// # Errors
/// [`Exit::Usage`](crate::error::Exit::Usage) if the helper is not on PATH or would not find its files, or if
/// Docker's configuration cannot be read. [`Exit::Output`](crate::error::Exit::Output) if the configuration cannot be
/// replaced.
pub async fn foresee(servers: &[String], env: &Env, place: &StateDir) -> Result<(), Error> {
    if servers.is_empty() {
        return Ok(());
    }
    if !place.is_lasting() {
        return Err(Usage::new("--registry: docker's later calls would not find the password's file")
            .hint("set OIDC_EXCHANGE_DIR to a private directory: in a CI job, SEMAPHORE_JOB_ID names one")
            .into());
    }
    find_helper(env)?;
    let config = config(env)?;
    let found = EDITOR.look(&config, place).await?;
    if let Some(content) = &found.content {
        if content.mode & 0o200 == 0 {
            let hint = Some(format!("make it writable with chmod u+w, or {}", EDITOR.elsewhere));
            return Err(state::Error { hint, ..state::Error::write(&found.path, "it is read-only") }.into());
        }
        registered(&found.path, &content.bytes, servers)?;
    }
    EDITOR.foresee(&found)?;
    // This checks that the directory can be used. It is removed again if the exchange fails.
    drop(place.open()?.new_files());
    callers::warn(servers, env, place).await;
    Ok(())
}

/// Writes each registry's private file, and makes this program their helper in Docker's configuration.
///
/// # Errors
/// If a file cannot be written. The private files are then deleted, and the configuration is unchanged.
pub async fn register(
    logins: Vec<(Login, &Options)>,
    token: &SubjectToken,
    env: &Env,
    place: &StateDir,
) -> Result<Registration, Error> {
    let directory = place.open()?;
    let mut files = place.open()?.new_files();
    let (mut servers, mut paths) = (Vec::new(), Vec::new());
    for (login, options) in logins {
        let further = network_words(options, &mut files).await?;
        let path = kept::path(&directory, &login.server, options.of_command);
        servers.push(login.server.clone());
        let text = login.keep(options, &further, token).text();
        files.put(NewFile::beside(&path)?, text.reveal().as_bytes()).await?;
        paths.push(path);
    }
    let edit = async |file: &EditedFile| {
        let Some(change) = registered(file.path(), file.text(), &servers)? else { return Ok(Some(())) };
        let changes = place.open()?.new_files();
        if !Written::write(file, &change.text, &servers, changes, place).await? {
            return Ok(None);
        }
        for what in &change.replaced {
            tracing::warn!("{}: {what} is replaced until `oidc-exchange clean` restores it", file.path().display());
        }
        Ok::<_, Error>(Some(()))
    };
    EDITOR.edit(&config(env)?, place, edit).await?;
    Ok(Registration { files, paths })
}

/// The network options of a renewal's command line.
async fn network_words(options: &Options, files: &mut NewFiles) -> Result<Vec<String>, Error> {
    let mut words = Vec::new();
    if let Some(certificates) = &options.ca_file {
        // The user's file may be a pipe, or be deleted before the renewal.
        let file = files.file("ca", |_| Ok(Secret::new(certificates.pem()))).await?;
        let file = file.into_os_string().into_string();
        let file = file.map_err(|_| Usage::new("--registry: the private directory's path is not UTF-8 text"))?;
        words.extend(["--ca-file".into(), file]);
    }
    if let Some(host) = &options.allow_http {
        words.extend(["--allow-http".into(), host.clone()]);
    }
    Ok(words)
}

impl Registration {
    /// Keeps the registrations for the job. `clean` undoes them.
    pub fn keep(self) {
        self.files.keep();
    }

    /// Undoes the registrations. Docker's configuration keeps the registries that another run has registered. What
    /// cannot be undone remains for `clean`.
    pub async fn end(self, place: &StateDir) {
        drop(self.files);
        if let Err(why) = release(place, &self.paths).await {
            tracing::warn!("{why}; run `oidc-exchange clean`");
        }
    }
}

/// Deletes the files at `paths`, which the helper may have replaced. Then undoes the changes of Docker's
/// configuration for registries without a file.
async fn release(place: &StateDir, paths: &[PathBuf]) -> Result<(), String> {
    let why = |error: state::Error| error.to_string();
    let Some(directory) = place.existing().map_err(why)? else { return Ok(()) };
    let mut done = Vec::new();
    let records = directory.records().await.map_err(why)?;
    let (files, others): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| paths.iter().any(|path| record.path() == path));
    for record in files {
        match record.remove() {
            Outcome::Failed(why) => return Err(why),
            Outcome::Kept => {}
            Outcome::Undone | Outcome::Absent => done.push(record),
        }
    }
    // The latest change is undone first: each then finds the file as it left it.
    for record in others.into_iter().rev() {
        let note = record.note().filter(|note| note.kind() == Written::KIND);
        let Some(written) = note.and_then(state::Note::read::<Written>) else { continue };
        if written.undo(&record, place, Some(&directory)).await?.is_some() {
            match record.remove() {
                Outcome::Failed(why) => return Err(why),
                Outcome::Kept => {}
                Outcome::Undone | Outcome::Absent => done.push(record),
            }
        }
    }
    directory.settle(&done).await.map_err(why)
}

/// The configuration at `path` with `servers` registered; `None` if they already are.
fn registered(path: &Path, text: &[u8], servers: &[String]) -> Result<Option<docker_config::Change>, Usage> {
    let malformed = |why: &str| {
        Usage::new(format!("--registry: {}: {why}", path.display()))
            .hint("correct the file with an editor; it was left as it is")
            .hint(EDITOR.elsewhere)
    };
    let text = std::str::from_utf8(text).map_err(|_| malformed("it is not UTF-8 text"))?;
    docker_config::register(text, servers).map_err(|why| malformed(&why))
}

/// The helper's output: `{"ServerURL":…,"Username":…,"Secret":…}`.
#[must_use]
pub fn answer(kept: &super::Kept) -> Secret {
    let text = serde_json::json!({
        "ServerURL": kept.server,
        "Username": kept.password.username,
        "Secret": kept.password.secret.reveal(),
    });
    Secret::new(format!("{text}\n"))
}
