//! Reads and changes the text of the shared files line by line. Everything that is not from this program stays
//! unchanged, to the byte.
//!
//! The format: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

mod mark;
mod text;

use std::fmt;

use crate::emit::ini::Value;
pub use mark::MARK;
use mark::Scope;
use text::{Entry, Rewrite, Section, Text};

/// Settings that select or change a profile's credentials. An old one could override the new credentials.
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

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `[NAME]`.
    Credentials,
    /// `[profile NAME]`, except `[default]`.
    Config,
}

/// A line on which the SDKs fail.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Its line number.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Why the text was not changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The SDKs cannot parse it.
    Malformed(Malformed),
    /// The profile has these settings, which are not from this program.
    Foreign {
        /// Their keys in lower case.
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
    /// The text between the brackets of a profile's header that every tool accepts.
    pub(super) fn section(self, profile: &str) -> String {
        match self {
            Self::Config if profile != "default" => format!("profile {profile}"),
            Self::Config | Self::Credentials => profile.to_owned(),
        }
    }
}

/// The wanted state of a profile in one file.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// The profile's name.
    pub profile: &'w str,
    /// Its settings. An empty list removes the settings that this program wrote.
    pub settings: &'w [Setting],
    /// Settings of the other file that the same settings in this file would override.
    pub elsewhere: &'w [Setting],
    /// Whether to overwrite a profile of this name that is not from this program.
    pub overwrite: bool,
    /// The unique name of this run: letters and digits.
    pub run: &'w str,
    /// Whether the file is new.
    pub new_file: bool,
}

/// A changed text.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    /// The new text.
    pub text: Vec<u8>,
    /// The comments in it that list what this run wrote. [`unset`] needs them.
    pub marks: Vec<String>,
}

/// A text without the settings of this run.
#[derive(Debug, PartialEq, Eq)]
pub struct Restored {
    /// The new text.
    pub text: Vec<u8>,
    /// Whether the file was created for a profile. If it is empty now, it is deleted.
    pub ours: bool,
}

impl Wanted<'_> {
    /// Whether an option could override a wanted setting.
    fn is_in_the_way(&self, option: &Entry) -> bool {
        let other =
            |settings: &[Setting]| settings.iter().any(|(key, value)| *key == option.key && !value.is(&option.value));
        CREDENTIAL_KEYS.contains(&option.key.as_str()) || other(self.settings) || other(self.elsewhere)
    }

    /// The settings that a section lacks. A setting that already has the same value stays the user's.
    fn missing(&self, section: &Section) -> impl Iterator<Item = &Setting> {
        let is_there = |(key, value): &Setting| {
            section.options.iter().any(|option| option.key == *key && value.is(&option.value))
                && !CREDENTIAL_KEYS.contains(key)
        };
        self.settings.iter().filter(move |setting| !is_there(setting))
    }

    /// The lines at the start of a section: the comment and these settings. The comment also lists the `kept` ones.
    fn lines<'s>(&self, scope: Scope, new: impl Iterator<Item = &'s Setting> + Clone, kept: &[&Entry]) -> Vec<String> {
        let kept = kept.iter().map(|option| (option.key.as_str(), option.value.as_str()));
        let mark = mark::line(self.run, scope, new.clone().map(|(key, value)| (*key, value.text())).chain(kept));
        std::iter::once(mark).chain(new.map(|(key, value)| value.line(key))).collect()
    }

    /// The change of an existing section; `None` if it stays the same.
    fn rewrite<'t>(&self, text: &Text<'t>, section: &Section) -> Option<Rewrite<'t>> {
        let ours = text.ours(section, |_| true);
        let goes = |option: &Entry| self.is_in_the_way(option);
        let missing: Vec<&Setting> = self.missing(section).collect();
        let kept: Vec<&Entry> = section.options.iter().filter(|option| ours.has(option) && !goes(option)).collect();
        let is_wanted = |option: &&Entry| self.settings.iter().any(|(key, _)| *key == option.key);
        // This run takes over what an earlier run wrote, so that the earlier job's `clean` does not remove it.
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

/// `text` with the `wanted` state; `None` if it stays the same.
///
/// Tools accept different spellings of a profile's header (`[default]` and `[profile default]`, `[profile ci]` and
/// `[profile "ci"]`). Every spelling in the file gets the same settings.
///
/// # Errors
/// If `text` is malformed, or has another program's profile of this name that must stay.
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

/// `text` without what [`set`] wrote with these comments; `None` if nothing of it is left. Settings that the user has
/// changed stay.
///
/// # Errors
/// If `text` is malformed.
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

/// A header in a spelling that some tools do not accept, if there is no other: `[profile "ci"]`, `[ ci ]`.
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
