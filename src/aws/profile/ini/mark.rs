//! The comment at the start of a section that lists the settings of this program.
//!
//! It has a digest of each value. If the user changes a setting later, the digest differs, and the setting is the
//! user's. Each run writes a unique name into the comment and into its manifest.

use sha2::{Digest, Sha256};

/// The start of the comment.
pub const MARK: &str = "# written by oidc-exchange, which replaces and removes it";

/// What is removed if it contains nothing else any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Only the settings: the section existed before.
    Settings,
    /// The section, which this program made.
    Section,
    /// The file as well.
    File,
}

const SCOPES: [(Scope, &str); 3] = [(Scope::Settings, "settings"), (Scope::Section, "section"), (Scope::File, "file")];

/// A comment of this program.
pub(super) struct Mark<'t> {
    run: &'t str,
    pub(super) scope: Scope,
    /// Keys and the digests of their values.
    settings: Vec<(&'t str, &'t str)>,
}

/// What a comment contains about a setting.
pub(super) struct Written<'t> {
    run: &'t str,
    digest: &'t str,
}

impl<'t> Mark<'t> {
    /// Parses a line, without leading and trailing white space.
    pub(super) fn parse(line: &'t str) -> Option<Self> {
        let mut words = line.strip_prefix(MARK)?.strip_prefix(": ")?.split(' ');
        let (run, scope) = (words.next()?, words.next()?);
        let (scope, _) = SCOPES.into_iter().find(|(_, word)| *word == scope)?;
        let settings = words.map(|word| word.split_once('=')).collect::<Option<_>>()?;
        Some(Self { run, scope, settings })
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = (&'t str, Written<'t>)> {
        self.settings.iter().map(|(key, digest)| (*key, Written { run: self.run, digest }))
    }
}

impl Written<'_> {
    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.digest == digest(self.run, key, value)
    }
}

/// The comment for these settings of the run with this name.
pub(super) fn line<'s>(run: &str, scope: Scope, settings: impl Iterator<Item = (&'s str, &'s str)>) -> String {
    let word = SCOPES.into_iter().find(|(one, _)| *one == scope).map_or("", |(_, word)| word);
    let settings = settings.map(|(key, value)| format!(" {key}={}", digest(run, key, value)));
    format!("{MARK}: {run} {word}{}", settings.collect::<String>())
}

/// A digest that shows whether a value was changed. It includes the run's name, so that it cannot be used to guess
/// values.
fn digest(run: &str, key: &str, value: &str) -> String {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(format!("{run}\n{key}\n{value}")).into();
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}
