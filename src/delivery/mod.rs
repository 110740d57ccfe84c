//! Delivers the result: to standard output, to a private file that is put in place atomically, or to a command's
//! environment.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

mod child;
pub mod exported;
mod leftovers;
mod room;

pub use leftovers::Leftovers;

use crate::core_file;
use crate::emit::{Content, Error, Exports, Format, Rendered, render};
use crate::error::{self, Exit, Usage};
use crate::host::Env;
use crate::http::retry::Deadline;
use crate::secret::Secret;
use crate::shell::Name;
use crate::signal::Signals;
use crate::state;
use crate::stdio::{self, Progress, Stream};

/// The destination of the result.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Standard output.
    Stdout {
        /// The format of the variables.
        format: Format,
        /// `--print-secrets`: the result may be printed to a terminal.
        on_terminal: bool,
    },
    /// A file.
    File {
        /// The format of the variables.
        format: Format,
        /// The path.
        path: PathBuf,
    },
    /// A command that is run with the variables.
    Command(Run),
    /// No output: the exchange itself has written the result.
    Elsewhere,
}

/// A command line, and variables that are removed from its environment.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// The program, which is searched on PATH.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The variable with the subject token, unless `--pass-token` is set. Other variables with the token are removed
    /// too.
    pub drop_token: Option<Name>,
}

/// A delivery that was checked before anything is sent to a provider.
pub struct Ready<'p> {
    delivery: &'p Delivery,
    file: Option<state::NewFile>,
    directory: state::StateDir,
    env: &'p Env,
    copies: Vec<OsString>,
}

impl Delivery {
    /// Whether the result is printed or written as text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Stdout { .. } | Self::File { .. })
    }

    /// Checks the destination: a terminal is refused, and a file's directory must be writable.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a terminal, [`Exit::Output`] for a file that cannot be created.
    pub fn prepare<'p>(&'p self, directory: state::StateDir, env: &'p Env) -> Result<Ready<'p>, error::Error> {
        let file = match self {
            Self::Stdout { on_terminal: false, .. } if std::io::stdout().is_terminal() => {
                return Err(Usage::new("standard output is a terminal, where credentials would stay in the log")
                    .hint("put them into this shell: eval \"$(oidc-exchange …)\"")
                    .hint("or run one command with them: oidc-exchange … -- COMMAND")
                    .hint("--print-secrets shows them all the same")
                    .into());
            }
            Self::Stdout { .. } | Self::Command(_) | Self::Elsewhere => None,
            Self::File { path, .. } => Some(state::NewFile::beside(path)?),
        };
        Ok(Ready { delivery: self, file, directory, env, copies: Vec::new() })
    }
}

impl Ready<'_> {
    /// Sets the variables that contain the subject token. They are removed for COMMAND, unless it must have the
    /// token.
    #[must_use]
    pub fn without(self, copies: Vec<OsString>) -> Self {
        Self { copies, ..self }
    }

    /// Delivers the credentials. Before, only the files of `leftovers` were written. After an error nothing is
    /// delivered, and they are deleted.
    ///
    /// # Errors
    /// If the format cannot express a value, the result cannot be written, or one of `signals` arrived before.
    pub async fn deliver(
        self,
        content: &Content,
        leftovers: Leftovers,
        deadline: Deadline,
        signals: &mut Signals,
    ) -> Result<u8, error::Error> {
        if let Err(error) = self.check_room(content) {
            leftovers.give_up(&self.directory).await;
            return Err(error.into());
        }
        if let (Delivery::Command(run), Content::Variables(exports)) = (self.delivery, content) {
            let nothing_to_undo = leftovers.is_empty();
            let command = run.command(exports, &self.copies);
            let default_actions = nothing_to_undo.then(|| signals.default_actions());
            if let Some((_, name)) = signals.arrived().await {
                leftovers.give_up(&self.directory).await;
                return Err(error::Error::interrupted(name));
            }
            if nothing_to_undo {
                let code = run.become_it(command);
                drop(default_actions);
                return Ok(code);
            }
            let code = run.supervise(command, leftovers.tend(), signals).await;
            // COMMAND may have run longer than the timeout of the exchange.
            leftovers.undo(&self.directory.until(None)).await;
            return Ok(code);
        }
        let progress = Progress::default();
        let place = self.directory.clone();
        let written = tokio::select! {
            biased;
            (_, name) = signals.next() => Err(interrupted(name, &progress)),
            written = async {
                // After an error, these records are removed, like the files.
                let mut records = leftovers.record(&self.directory).await;
                records.extend(self.record_names(content).await);
                self.write(content, deadline, &progress).await.map(|()| records)
            } => written.map_err(Into::into),
        };
        match written {
            Ok(records) => {
                records.into_iter().for_each(state::NewFiles::keep);
                leftovers.keep();
                Ok(Exit::Done.code())
            }
            Err(error) => {
                leftovers.give_up(&place).await;
                Err(error)
            }
        }
    }

    /// Variables in an environment must leave enough space to start a command.
    fn check_room(&self, content: &Content) -> Result<(), Error> {
        match (self.delivery, content) {
            (Delivery::Command(run), Content::Variables(exports)) => room::check(exports, self.env, Some(run)),
            (Delivery::Stdout { format, .. } | Delivery::File { format, .. }, Content::Variables(exports))
                if format.is_shell() =>
            {
                room::check(exports, self.env, None)
            }
            _ => Ok(()),
        }
    }

    /// Records for `clean` the names that only this run has. The result is useful without the record, so a failure is a warning.
    async fn record_names(&self, content: &Content) -> Option<state::NewFiles> {
        let Content::Variables(exports) = content else { return None };
        exported::record(exports, &self.directory).await.unwrap_or_else(|error| {
            tracing::warn!("{error}; `oidc-exchange clean` will not remove the variables of this run");
            None
        })
    }

    async fn write(self, content: &Content, deadline: Deadline, progress: &Progress) -> Result<(), Error> {
        match self.delivery {
            Delivery::Stdout { format, .. } => {
                print_noting(text(*format, content, &self.directory).await?, deadline, progress).await
            }
            Delivery::File { format, path } => {
                let text = text(*format, content, &self.directory).await?;
                match self.file {
                    Some(file) => put(file, path, text.reveal().as_bytes(), &self.directory).await,
                    None => Ok(()),
                }
            }
            Delivery::Command(_) | Delivery::Elsewhere => Ok(()),
        }
    }
}

/// A protocol answer, or the variables in `format`. For `source`, also creates its private file in `place`.
///
/// # Errors
/// If the format cannot express a value, or the private file cannot be written.
pub async fn text(format: Format, content: &Content, place: &state::StateDir) -> Result<Secret, Error> {
    let exports = match content {
        Content::Variables(exports) => exports,
        Content::Answer(text) => return Ok(text.clone()),
    };
    Ok(match render(format, exports)? {
        Rendered::Text(text) => text,
        Rendered::Source(script) => {
            let file = place.open()?.file("source", |path| script.content(path)).await?;
            Secret::new(script.line(&file))
        }
    })
}

/// Writes `text` to standard output, all at once, while signals are handled. Dropping the future stops the writing.
///
/// # Errors
/// If standard output is closed or broken, or was not read completely before `deadline`.
pub async fn print(text: String, deadline: Deadline) -> Result<(), Error> {
    print_noting(Secret::new(text), deadline, &Progress::default()).await
}

async fn print_noting(text: Secret, deadline: Deadline, progress: &Progress) -> Result<(), Error> {
    let begun = begin(&text, progress)?;
    finish(text, begun, deadline, progress).await
}

/// Writes as much of `text` to standard output as is possible without waiting, and returns the number of bytes.
///
/// # Errors
/// If standard output is closed or broken.
pub fn begin(text: &Secret, progress: &Progress) -> Result<usize, Error> {
    let begun = stdio::write_at_once(Stream::Out, text.reveal().as_bytes(), progress);
    begun.map_err(|error| Error::Stdout { why: error.to_string() })
}

/// Writes the rest of `text`, of which `begun` bytes are written, as [`print`] does.
///
/// # Errors
/// As for [`print`].
pub async fn finish(text: Secret, begun: usize, deadline: Deadline, progress: &Progress) -> Result<(), Error> {
    struct Stop<'p>(&'p Progress);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.stop();
        }
    }
    let _stop = Stop(progress);
    let (noted, until) = (progress.clone(), deadline.end());
    let failed = |error: std::io::Error| Error::Stdout { why: error.to_string() };
    if begun == text.reveal().len() {
        return Ok(());
    }
    let write = move || stdio::write(Stream::Out, &text.reveal().as_bytes()[begun..], until, &noted);
    // A stopped terminal, or a file system that hangs, may block this thread.
    let bound = deadline.remaining().saturating_add(Duration::from_millis(100));
    match tokio::time::timeout(bound, tokio::task::spawn_blocking(write)).await {
        Ok(Ok(written)) => written.map_err(failed),
        Ok(Err(ended)) => Err(failed(ended.into())),
        Err(_) => Err(failed(stdio::unread())),
    }
}

/// Writes the failure output to standard output, as far as it is read within a moment.
pub fn print_last(text: &str) {
    stdio::write_within(Stream::Out, text.as_bytes(), Duration::from_secs(1));
}

/// The error of a run that a signal ended while its result was written.
fn interrupted(signal: &str, progress: &Progress) -> error::Error {
    if !progress.has_begun() {
        return error::Error::interrupted(signal);
    }
    let title = format!("interrupted by {signal}; a part of the output was written");
    error::Error::new(Exit::Unreachable, error::Report::new(title))
}

/// A file outside the private directory is put in place even if the manifest cannot be written.
async fn put(mut file: state::NewFile, path: &Path, bytes: &[u8], directory: &state::StateDir) -> Result<(), Error> {
    let recorded = async {
        let mut files = directory.open()?.new_files();
        files.record(&mut file, bytes).await.map(|()| files)
    };
    // If the file cannot be filled or moved, its record is removed.
    let files = match recorded.await {
        Ok(files) => Some(files),
        Err(error) => {
            tracing::warn!("{}; `oidc-exchange clean` will not remove {}", error, path.display());
            None
        }
    };
    file.fill(bytes)?;
    file.put()?;
    if let Some(files) = files {
        files.keep();
    }
    Ok(())
}

impl Run {
    /// Replaces this process with the command, so that signals, job control and the exit code are its own. Returns
    /// only on failure, with the status that a shell returns (POSIX.1-2024, Shell Command Language, section 2.8.2).
    fn become_it(&self, mut command: Command) -> u8 {
        core_file::allow();
        let error = command.exec();
        core_file::forbid();
        self.cannot_run(&error)
    }

    /// The command with `exports` in its environment, without the subject token and the variables in `copies`.
    fn command(&self, exports: &Exports, copies: &[OsString]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        if self.drop_token.is_some() {
            for name in copies {
                command.env_remove(name);
            }
        }
        for name in exports.removed().iter().chain(&self.drop_token) {
            command.env_remove(name.as_str());
        }
        command.envs(exports.variables().map(|(name, value)| (name.as_str(), value)));
        command
    }

    pub(super) fn cannot_run(&self, error: &std::io::Error) -> u8 {
        const NOT_EXECUTABLE: u8 = 126;
        const NOT_FOUND: u8 = 127;
        let report = error::Report::new(format!("cannot run {}: {error}", self.program.to_string_lossy()));
        crate::diagnostic::report(&report);
        if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE }
    }
}
