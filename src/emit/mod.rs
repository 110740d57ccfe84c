//! Handing over: variables to bytes ([`render`], pure), and bytes to where they go ([`deliver`]).

mod child;
pub mod deliver;
mod dotenv;
mod error;
mod fish;
pub(crate) mod json;
pub mod last_words;

mod posix;
mod source;

use std::path::Path;

pub use error::Error;

use crate::job::{self, Made};
use crate::secret::Secret;
use crate::shell::Name;
use crate::vault::Tenancy;

/// The forms in which variables are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// POSIX shell, for `eval`: `export K='v';`.
    Env,
    /// Raw `K=V` lines, for `docker run --env-file` and dotenv readers: no quotes, no unset, no newline in a value.
    EnvNoExport,
    /// fish, for `eval (… | string collect)`: `set -gx K 'v';`.
    Fish,
    /// One JSON object, a member per variable.
    Json,
    /// POSIX shell, one line that sources a private file and deletes it, for shells under `set -x`.
    Source,
    /// AWS: the answer to a tool that runs this program as its `credential_process`.
    Process,
    /// Vault: one value, as it is.
    Raw,
}

impl Format {
    /// Whether a shell evaluates it, so that a failure must be said in it too.
    #[must_use]
    pub fn is_shell(self) -> bool {
        match self {
            Self::Env | Self::Fish | Self::Source => true,
            Self::EnvNoExport | Self::Json | Self::Process | Self::Raw => false,
        }
    }
}

/// What an exchange hands over: variables to set, and variables to remove because they would beat or poison them.
#[derive(Debug, Default)]
pub struct Handout {
    set: Vec<(Name, Secret)>,
    unset: Vec<Name>,
    made: Option<Made>,
    tenancy: Option<Tenancy>,
    written_down: Option<Made>,
}

impl Handout {
    /// Nothing yet.
    #[must_use]
    pub fn new(unset: Vec<Name>) -> Self {
        Self { unset, ..Self::default() }
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// When `value` holds a NUL, which neither a shell nor an environment can carry.
    pub fn set(&mut self, name: Name, value: String) -> Result<(), Error> {
        if value.contains('\0') {
            return Err(Error::Nul { name });
        }
        self.set.push((name, Secret::new(value)));
        Ok(())
    }

    /// Takes charge of a Vault's client token, with its leases, that the variables need.
    pub fn hold(&mut self, tenancy: Tenancy) {
        self.tenancy = Some(tenancy);
    }

    /// Keeps alive what would end, as long as it is polled.
    pub async fn tend(&self) {
        if let Some(tenancy) = &self.tenancy {
            tenancy.renew().await;
        }
    }

    /// Writes down for `clean` the token that the job is about to get, or has secrets of; without that it ends by
    /// itself, and that is no failure.
    pub fn write_down(&mut self, directory: &job::Place) {
        let written = self.tenancy.as_ref().map_or(Ok(None), |tenancy| tenancy.write_down(directory));
        match written {
            Ok(written) => self.written_down = written,
            Err(error) => {
                tracing::warn!("{}; `oidc-exchange clean` will not end the client token", error);
            }
        }
    }

    /// Ends the token, as nobody gets it; the files go with the handout itself.
    pub async fn give_up(self) {
        if let Some(tenancy) = &self.tenancy {
            tenancy.give_up().await;
        }
    }

    /// Ends the token after a command, unless it is to stay; the files go with the handout itself. A token that does
    /// not end now ends by itself, and that is no failure.
    pub async fn end(mut self, directory: &job::Place) {
        match &self.tenancy {
            Some(tenancy) if tenancy.stays() => {
                self.write_down(directory);
                if let Some(written) = self.written_down {
                    written.keep();
                }
            }
            Some(tenancy) => tenancy.end().await,
            None => {}
        }
    }

    /// The variables to set, in order.
    pub fn variables(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.set.iter().map(|(name, value)| (name, value.reveal()))
    }

    /// Takes charge of files that the variables lead to: they go when this does, unless they are [kept](Self::keep).
    pub fn leave(&mut self, made: Made) {
        self.made = Some(made);
    }

    /// Whether there is something to undo after the last use of the variables.
    #[must_use]
    pub fn leaves_something(&self) -> bool {
        self.made.is_some() || self.tenancy.is_some()
    }

    /// Leaves files and token to the job, now that it knows of them, and says what will end before its time.
    pub fn keep(self) {
        for made in [self.made, self.written_down].into_iter().flatten() {
            made.keep();
        }
        if let Some(tenancy) = self.tenancy {
            tenancy.warn_of_early_ends();
        }
    }

    /// The variables to remove.
    #[must_use]
    pub fn removed(&self) -> &[Name] {
        &self.unset
    }
}

/// `path` as text, which variables and profiles are made of.
///
/// # Errors
/// When it is not UTF-8.
pub fn text_of(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| Error::write(path, "its path is not UTF-8 text"))
}

/// The handout in `format`.
///
/// # Errors
/// When the format cannot carry a value, or (for `source`) the private file cannot be written.
pub fn render(format: Format, handout: &Handout, directory: &job::Place) -> Result<Secret, Error> {
    Ok(Secret::new(match format {
        Format::Env => posix::exports(handout),
        Format::EnvNoExport => dotenv::lines(handout)?,
        Format::Fish => fish::exports(handout),
        Format::Json => json::object(handout)?,
        Format::Process => json::process(handout)?,
        Format::Source => source::line(handout, directory)?,
        Format::Raw => handout.variables().map(|(_, value)| value).collect(),
    }))
}
