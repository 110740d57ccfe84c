//! Writes variables as text. [`render`] has no side effects; each format has its own file.

mod dotenv;
mod env_file;
mod error;
mod fish;
pub mod ini;
pub(crate) mod json;
mod names;
mod posix;
mod source;

use std::path::Path;

pub use error::Error;
pub use names::{Clash, Names};
pub use source::Script;

use crate::secret::Secret;
use crate::shell::Name;

/// The forms in which variables are printed.
///
/// ```
/// use oidc_exchange::emit::Format;
///
/// assert!(Format::Fish.is_shell(), "its text is evaluated, so that a failure stops the caller in it");
/// assert!(!Format::Json.is_shell());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// POSIX shell, for `eval`: `export K='v';`.
    Env,
    /// Raw `K=V` lines, for `--env-file` of docker, podman and kubectl: no quotes, no unset, no newline in a value.
    EnvNoExport,
    /// `K='v'` lines, for readers of dotenv files: no unset, and no value in which they differ.
    Dotenv,
    /// fish, for `eval (… | string collect)`: `set -gx K 'v';`.
    Fish,
    /// One JSON object, a member per variable.
    Json,
    /// POSIX shell, one line that sources a private file and deletes it, for shells under `set -x`.
    Source,
}

impl Format {
    /// Whether a shell evaluates the format, so that a failure must stop that shell.
    #[must_use]
    pub fn is_shell(self) -> bool {
        match self {
            Self::Env | Self::Fish | Self::Source => true,
            Self::EnvNoExport | Self::Dotenv | Self::Json => false,
        }
    }
}

/// What the shell formats print on failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OnError {
    /// Remove the credential variables and stop the caller.
    Stop,
    /// Remove them and leave the exit code as the status, for `eval … || handler`.
    Status,
    /// Nothing.
    None,
}

/// The result of an exchange: variables to set, and variables to unset because they would override the new ones.
///
/// ```
/// use oidc_exchange::emit::{Exports, Format, Rendered, render};
/// use oidc_exchange::shell::Name;
///
/// let mut exports = Exports::new(vec![Name::fixed("AWS_PROFILE")]);
/// exports.set(Name::fixed("AWS_ACCOUNT_ID"), "123456789012".into())?;
/// let Rendered::Text(text) = render(Format::Env, &exports)? else { unreachable!() };
/// assert!(text.reveal().starts_with("unset AWS_PROFILE;\n"));
/// assert!(text.reveal().contains("\nexport AWS_ACCOUNT_ID='123456789012';\n"));
/// # Ok::<(), oidc_exchange::emit::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Exports {
    set: Vec<(Name, Secret)>,
    unset: Vec<Name>,
    chosen: Vec<Name>,
    by_file: bool,
}

impl Exports {
    /// A result without variables to set. `unset` are the variables to unset.
    #[must_use]
    pub fn new(unset: Vec<Name>) -> Self {
        Self { unset, ..Self::default() }
    }

    /// The same for values that can be written to files with `?file`: errors then suggest it.
    #[must_use]
    pub fn by_file(self) -> Self {
        Self { by_file: true, ..self }
    }

    /// Whether a value can be written to a file instead.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.by_file
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// If `value` contains a NUL, which neither a shell nor an environment supports.
    pub fn set(&mut self, name: Name, value: String) -> Result<(), Error> {
        if value.contains('\0') {
            return Err(Error::Nul { name });
        }
        self.set.push((name, Secret::new(value)));
        Ok(())
    }

    /// Adds a variable with a credential, whose name the request chose: `clean` has no other way to learn it than from a list.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn set_chosen(&mut self, name: Name, value: String) -> Result<(), Error> {
        self.set(name.clone(), value)?;
        self.chosen.push(name);
        Ok(())
    }

    /// The names of the credentials that only the request determines.
    #[must_use]
    pub fn chosen(&self) -> &[Name] {
        &self.chosen
    }

    /// The variables to set, in order.
    pub fn variables(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.set.iter().map(|(name, value)| (name, value.reveal()))
    }

    /// The variables to unset.
    #[must_use]
    pub fn removed(&self) -> &[Name] {
        &self.unset
    }

    /// Adds the variables of `other`. No variable may be in both.
    pub fn add(&mut self, other: Self) {
        self.set.extend(other.set);
        self.chosen.extend(other.chosen);
        for name in other.unset {
            if !self.unset.contains(&name) {
                self.unset.push(name);
            }
        }
        self.by_file |= other.by_file;
    }
}

/// `path` as text, for variables and profiles.
///
/// # Errors
/// If it is not UTF-8.
pub fn text_of(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| Error::write(path, "its path is not UTF-8 text"))
}

/// The result for the job.
#[derive(Debug)]
pub enum Content {
    /// Variables, for the requested format or for a COMMAND's environment.
    Variables(Exports),
    /// The answer in the protocol of the calling program.
    Answer(Secret),
}

/// The text of a format.
pub enum Rendered<'e> {
    /// The whole text.
    Text(Secret),
    /// A script for a private file, and the line that sources it.
    Source(Script<'e>),
}

/// Writes the variables in `format`.
///
/// # Errors
/// If the format cannot express a value.
pub fn render(format: Format, exports: &Exports) -> Result<Rendered<'_>, Error> {
    Ok(Rendered::Text(Secret::new(match format {
        Format::Source => return Ok(Rendered::Source(Script::new(exports))),
        Format::Env => posix::lines(exports),
        Format::EnvNoExport => env_file::lines(exports)?,
        Format::Dotenv => dotenv::lines(exports)?,
        Format::Fish => fish::lines(exports),
        Format::Json => json::object(exports)?,
    })))
}
