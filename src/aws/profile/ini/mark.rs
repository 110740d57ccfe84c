//! The comment at the beginning of a section that tells whose its settings are.
//!
//! It names each setting of ours with a digest of its value, so that one that its owner has changed since is known to be
//! the owner's. Every run writes a name of its own into it, which is in that run's manifest.

use sha2::{Digest, Sha256};

/// What the comment begins with.
pub const MARK: &str = "# written by oidc-exchange, which replaces and removes it";

/// What goes when nothing else is in it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Nothing: the section was there before.
    Settings,
    /// The section, which we made.
    Section,
    /// The file too.
    File,
}

const SCOPES: [(Scope, &str); 3] = [(Scope::Settings, "settings"), (Scope::Section, "section"), (Scope::File, "file")];

/// A comment of ours.
pub(super) struct Mark<'t> {
    run: &'t str,
    pub(super) scope: Scope,
    /// Keys, and their values' digests.
    settings: Vec<(&'t str, &'t str)>,
}

/// What a comment tells of a setting.
pub(super) struct Written<'t> {
    run: &'t str,
    digest: &'t str,
}

impl<'t> Mark<'t> {
    /// Reads a line, without the white space around it.
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

/// The comment for these settings, by the run of this name.
pub(super) fn line<'s>(run: &str, scope: Scope, settings: impl Iterator<Item = (&'s str, &'s str)>) -> String {
    let word = SCOPES.into_iter().find(|(one, _)| *one == scope).map_or("", |(_, word)| word);
    let settings = settings.map(|(key, value)| format!(" {key}={}", digest(run, key, value)));
    format!("{MARK}: {run} {word}{}", settings.collect::<String>())
}

/// Enough to tell a value that was changed. The run's name in it makes it worth nothing to whoever guesses at values.
fn digest(run: &str, key: &str, value: &str) -> String {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(format!("{run}\n{key}\n{value}")).into();
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}
