//! The failure output: what standard output gets instead of credentials.
//!
//! `eval "$(false)"` succeeds, even with `set -e`. If a tool only exits non-zero, the job continues without
//! credentials or with old ones. So the output of every failure stops the shell, in the shell's own language.

mod asked;
mod command_line;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::{Command, CommandFactory};

use self::asked::Asked;
use super::{NamedFiles, SecretsFile};
use crate::cli::Cli;
use crate::cloud::About;
use crate::clouds;
use crate::delivery;
use crate::diagnostic;
use crate::error::Exit;
use crate::host::Env;

/// The text of a failure. It depends only on the command line, and on whether fish reads it. It is made when it is
/// needed. Clones share it.
#[derive(Clone, Debug)]
pub struct FailureOutput(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clouds: Vec<&'static About>,
    parser: fn() -> Command,
    arguments: Vec<OsString>,
    asked: OnceLock<Asked>,
    /// The file that names more variables, and files that the command line may name by mistake.
    files: NamedFiles,
    further_files: OnceLock<Vec<SecretsFile>>,
}

impl FailureOutput {
    /// The text for a command line, which starts with the program's name and may be invalid. Unless it is plainly not
    /// for a shell, the text stops the shell.
    #[must_use]
    pub fn for_arguments(arguments: &[OsString]) -> Self {
        Self::among(&clouds::ALL, Cli::command, arguments)
    }

    /// The same for other clouds, with `parser` as the definition of the command line.
    #[must_use]
    pub fn among(clouds: &[&'static About], parser: fn() -> Command, arguments: &[OsString]) -> Self {
        Self(Arc::new(Inner {
            clouds: clouds.to_vec(),
            parser,
            arguments: arguments.to_vec(),
            asked: OnceLock::new(),
            files: NamedFiles::default(),
            further_files: OnceLock::new(),
        }))
    }

    fn asked(&self) -> &Asked {
        self.0.asked.get_or_init(|| {
            let mut program = (self.0.parser)();
            program.build();
            Asked::new(&program, &self.0.clouds, &self.0.arguments)
        })
    }

    /// The words of the command line up to `--`, without the program's name.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let words = self.0.arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
        words.take_while(|word| word != "--").collect()
    }

    /// The files that name more variables. They are read once.
    #[must_use]
    pub fn files(&self) -> &NamedFiles {
        &self.0.files
    }

    /// Reads the files that the text needs, unless they were read already. It waits a moment at most.
    pub async fn complete(&self, env: &Env) {
        let Asked { clouds, line, .. } = self.asked();
        if line.uses_targets() {
            let option = line.arguments.values("targets").next().map(PathBuf::from);
            self.0.files.targets.catch_up(option, env).await;
        }
        let options = clouds.iter().filter_map(|about| about.option_of_names);
        let mut paths = options.flat_map(|option| line.arguments.values(option)).map(Path::new);
        if let Some(path) = paths.next() {
            self.0.files.secrets.catch_up(path).await;
        }
        let mut further = Vec::new();
        for path in paths {
            let file = SecretsFile::default();
            file.catch_up(path).await;
            further.push(file);
        }
        let _ = self.0.further_files.set(further);
    }

    /// The text for a failure with `code`.
    #[must_use]
    pub fn text(&self, code: u8) -> String {
        let further = self.0.further_files.get().into_iter().flatten();
        let files = [&self.0.files.secrets].into_iter().chain(further);
        let files: Vec<&str> = files.filter_map(SecretsFile::text).collect();
        self.asked().text(&files.join("\n"), self.0.files.targets.get(), code)
    }

    /// Whether standard output is for a shell.
    #[must_use]
    pub fn is_for_shell(&self) -> bool {
        !self.text(Exit::Bug.code()).is_empty()
    }

    /// Writes the text to standard output, and the error with `report`. The text comes first, because standard error may
    /// block. If a shell evaluates both, the text is last, because its status must remain.
    pub fn print_with(&self, exit: Exit, report: impl FnOnce()) {
        if diagnostic::is_evaluated() {
            report();
            self.print(exit);
        } else {
            self.print(exit);
            report();
        }
    }

    /// Writes the text to standard output, unless that is a terminal.
    fn print(&self, exit: Exit) {
        if !std::io::stdout().is_terminal() {
            delivery::print_last(&self.text(exit.code()));
        }
    }

    /// Makes a panic end like any other bug: with this text and exit code 1. The panic's message is not printed,
    /// because it could contain a secret. A panic because no thread can be started ends like a wrong call, with exit code 2.
    pub fn install_panic_hook(&self) {
        let output = self.clone();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
            let bug = || {
                crate::error::Report::new(format!("a bug in oidc-exchange, at {place}; no credentials were returned"))
                    .hints([format!("please report it with this line and the version, {}", env!("CARGO_PKG_VERSION"))])
            };
            let no_thread = crate::host::no_thread_of(info);
            let exit = if no_thread.is_some() { Exit::Usage } else { Exit::Bug };
            output.print_with(exit, || diagnostic::report(&no_thread.unwrap_or_else(bug)));
            #[allow(clippy::exit, reason = "an abort would give the caller a signal in place of the exit code")]
            std::process::exit(exit.code().into());
        }));
    }
}

#[cfg(test)]
mod generated;
#[cfg(test)]
mod generator;
#[cfg(test)]
mod tests;
