//! The shared files' text, read and changed line by line: whatever is not ours stays as it is, to the byte.
//!
//! The format: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

mod mark;
mod text;

use std::fmt;

use crate::emit::ini::Value;
pub use mark::MARK;
use mark::Scope;
use text::{Entry, Rewrite, Section, Text};

/// What names or changes a profile's credentials: left in place, any of these could beat the new ones.
const CREDENTIAL_KEYS: [&str; 21] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
    "aws_account_id",
    "role_arn",
    "role_session_name",
    "web_identity_token_file",
    "source_profile",
    "credential_source",
    "credential_process",
    "external_id",
    "mfa_serial",
    "duration_seconds",
    "login_session",
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "sso_start_url",
    "sso_region",
    "x_principal_arn",
];

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `[NAME]`.
    Credentials,
    /// `[profile NAME]`, except `[default]`.
    Config,
}

/// A line that the SDKs would stumble over.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Its number.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Why the text was not changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not one that the SDKs read.
    Malformed(Malformed),
    /// The profile is there with these settings, which are not ours.
    Foreign {
        /// Which, in lower case.
        keys: Vec<String>,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// A key and its value.
pub type Setting = (&'static str, Value);

impl Kind {
    /// What stands between the brackets of a profile's header, as every tool reads it.
    pub(super) fn section(self, profile: &str) -> String {
        match self {
            Self::Config if profile != "default" => format!("profile {profile}"),
            Self::Config | Self::Credentials => profile.to_owned(),
        }
    }
}

/// What a profile is to hold in one file.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// The profile's name.
    pub profile: &'w str,
    /// Its settings; none takes out those that we gave it.
    pub settings: &'w [Setting],
    /// Settings of the other file that this one would beat.
    pub elsewhere: &'w [Setting],
    /// Whether another's profile of this name is taken over.
    pub overwrite: bool,
    /// What tells this run from every other one: letters and digits.
    pub run: &'w str,
    /// Whether the file is not there yet.
    pub new_file: bool,
}

/// A text that was changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    /// The new text.
    pub text: Vec<u8>,
    /// The comments in it that tell what this run wrote, which [`unset`] is given to take that out again.
    pub marks: Vec<String>,
}

/// A text that this run's settings were taken out of.
#[derive(Debug, PartialEq, Eq)]
pub struct Restored {
    /// The new text.
    pub text: Vec<u8>,
    /// Whether the file was made for a profile: if nothing is in it any more, it goes.
    pub ours: bool,
}

impl Wanted<'_> {
    /// Whether an option could beat what is wanted.
    fn is_in_the_way(&self, option: &Entry) -> bool {
        let other =
            |settings: &[Setting]| settings.iter().any(|(key, value)| *key == option.key && !value.is(&option.value));
        CREDENTIAL_KEYS.contains(&option.key.as_str()) || other(self.settings) || other(self.elsewhere)
    }

    /// The settings that a section lacks: one that is there with this very value is left to whoever has put it there.
    fn missing(&self, section: &Section) -> impl Iterator<Item = &Setting> {
        let is_there = |(key, value): &Setting| {
            section.options.iter().any(|option| option.key == *key && value.is(&option.value))
                && !CREDENTIAL_KEYS.contains(key)
        };
        self.settings.iter().filter(move |setting| !is_there(setting))
    }

    /// What is put at the beginning of a section: the comment and these settings. The comment names those that are `kept` too.
    fn lines<'s>(&self, scope: Scope, new: impl Iterator<Item = &'s Setting> + Clone, kept: &[&Entry]) -> Vec<String> {
        let kept = kept.iter().map(|option| (option.key.as_str(), option.value.as_str()));
        let mark = mark::line(self.run, scope, new.clone().map(|(key, value)| (*key, value.text())).chain(kept));
        std::iter::once(mark).chain(new.map(|(key, value)| value.line(key))).collect()
    }

    /// What becomes of a section that is there; nothing if it stays as it is.
    fn rewrite<'t>(&self, text: &Text<'t>, section: &Section) -> Option<Rewrite<'t>> {
        let ours = text.ours(section, |_| true);
        let goes = |option: &Entry| self.is_in_the_way(option);
        let missing: Vec<&Setting> = self.missing(section).collect();
        let kept: Vec<&Entry> = section.options.iter().filter(|option| ours.has(option) && !goes(option)).collect();
        let is_wanted = |option: &&Entry| self.settings.iter().any(|(key, _)| *key == option.key);
        // What an earlier run wrote is ours from now on, so that the end of that run's job does not take it out.
        if missing.is_empty() && !section.options.iter().any(goes) && !kept.iter().any(is_wanted) {
            return None;
        }
        let lines = if missing.is_empty() && kept.is_empty() {
            Vec::new()
        } else {
            self.lines(ours.scope, missing.iter().copied(), &kept)
        };
        let gone = section.options.iter().filter(|option| goes(option)).flat_map(Entry::lines).collect();
        Some(Rewrite { ours, gone, lines })
    }
}

/// `text` with what is `wanted`, or nothing where it would not change.
///
/// Tools differ in which of several spellings of a profile they read (`[default]` and `[profile default]`, `[profile ci]` and
/// `[profile "ci"]`): each of those that are there gets the same.
///
/// # Errors
/// When `text` is malformed, or holds a profile of this name that is not ours and not to be overwritten.
pub fn set(text: &[u8], kind: Kind, wanted: &Wanted<'_>) -> Result<Option<Changed>, Refused> {
    let parsed = Text::parse(text).map_err(Refused::Malformed)?;
    let sections = parsed.of_profile(kind, wanted.profile);
    if sections.is_empty() {
        if wanted.settings.is_empty() {
            return Ok(None);
        }
        let scope = if wanted.new_file || parsed.is_all_in_our_file() { Scope::File } else { Scope::Section };
        let lines = wanted.lines(scope, wanted.settings.iter(), &[]);
        let text = parsed.append(kind, wanted.profile, &lines);
        return Ok(Some(Changed { text, marks: lines.into_iter().take(1).collect() }));
    }
    let of_others = sections.iter().flat_map(|section| {
        let ours = parsed.ours(section, |_| true);
        section.options.iter().filter(move |option| !ours.has(option))
    });
    let in_the_way: Vec<String> =
        of_others.filter(|option| wanted.is_in_the_way(option)).map(|option| option.key.clone()).collect();
    if !wanted.overwrite && !in_the_way.is_empty() {
        return Err(Refused::Foreign { keys: in_the_way });
    }
    let mut marks = Vec::new();
    let changed = parsed.with(&sections, |section| {
        let rewrite = wanted.rewrite(&parsed, section)?;
        marks.extend(rewrite.lines.first().cloned());
        Some(rewrite)
    });
    Ok((changed != text).then_some(Changed { text: changed, marks }))
}

/// `text` without what [`set`] put there with these comments, or nothing where none of it is there any more. What its owner
/// has changed since stays.
///
/// # Errors
/// When `text` is malformed.
pub fn unset(text: &[u8], kind: Kind, profile: &str, marks: &[String]) -> Result<Option<Restored>, Malformed> {
    let parsed = Text::parse(text)?;
    let mut file = false;
    let changed = parsed.with(&parsed.of_profile(kind, profile), |section| {
        let ours = parsed.ours(section, |line| marks.iter().any(|mark| mark == line));
        if ours.is_empty() {
            return None;
        }
        file |= ours.scope == Scope::File;
        let gone = section.options.iter().filter(|option| ours.has(option)).flat_map(Entry::lines).collect();
        Some(Rewrite { ours, gone, lines: Vec::new() })
    });
    Ok((changed != text).then_some(Restored { text: changed, ours: file }))
}

/// The header by which a tool may miss the profile, if there is no other: `[profile "ci"]`, `[ ci ]`.
#[must_use]
pub fn odd_header(text: &[u8], kind: Kind, profile: &str) -> Option<String> {
    let parsed = Text::parse(text).ok()?;
    let sections = parsed.of_profile(kind, profile);
    let is_plain = |section: &&Section| {
        section.name == kind.section(profile) || (profile == "default" && section.name == "profile default")
    };
    if sections.iter().any(is_plain) { None } else { sections.first().map(|section| section.name.clone()) }
}

#[cfg(test)]
mod tests;
