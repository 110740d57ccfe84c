//! The shared files' text, read and changed line by line: whatever is not ours stays as it is, to the byte.
//!
//! The format: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

mod text;

use std::fmt;

use crate::emit::ini::Value;
use text::{Entry, Section, Text};

/// The first line of a section's body that says it is ours.
pub const MARK: &str = "# written by oidc-exchange, which replaces and removes it";

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
    /// The profile is there, holds these keys, and is not ours.
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
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    /// The profile's name.
    pub profile: &'w str,
    /// Its settings; none takes out those that we gave it.
    pub settings: &'w [Setting],
    /// Settings of the other file that this one would beat.
    pub elsewhere: &'w [Setting],
    /// Whether another's profile of this name is taken over.
    pub overwrite: bool,
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
}

/// What is put at the beginning of a section.
fn lines<'s>(settings: impl Iterator<Item = &'s Setting>) -> Vec<String> {
    std::iter::once(MARK.to_owned()).chain(settings.map(|(key, value)| value.line(key))).collect()
}

/// `text` with what is `wanted`, or nothing where it would not change.
///
/// Tools differ in which of several spellings of a profile they read (`[default]` and `[profile default]`, `[profile ci]` and
/// `[profile "ci"]`): each of those that are there gets the same.
///
/// # Errors
/// When `text` is malformed, or holds a profile of this name that is not ours and not to be overwritten.
pub fn set(text: &[u8], kind: Kind, wanted: &Wanted<'_>) -> Result<Option<Vec<u8>>, Refused> {
    let parsed = Text::parse(text).map_err(Refused::Malformed)?;
    let sections = parsed.of_profile(kind, wanted.profile);
    if sections.is_empty() {
        let new = || parsed.append(kind, wanted.profile, &lines(wanted.settings.iter()));
        return Ok((!wanted.settings.is_empty()).then(new));
    }
    let of_others = sections.iter().filter(|section| !parsed.is_ours(section)).flat_map(|section| &section.options);
    let in_the_way: Vec<String> =
        of_others.filter(|option| wanted.is_in_the_way(option)).map(|option| option.key.clone()).collect();
    if !wanted.overwrite && !in_the_way.is_empty() {
        return Err(Refused::Foreign { keys: in_the_way });
    }
    let changed = each(text, kind, wanted.profile, |text, section| {
        let ours = text.is_ours(section);
        let missing = wanted.missing(section).count() > 0;
        let stays = !missing && !ours && !section.options.iter().any(|option| wanted.is_in_the_way(option));
        let lines =
            if wanted.settings.is_empty() || !(missing || ours) { Vec::new() } else { lines(wanted.missing(section)) };
        (!stays).then(|| text.rewrite(section, |option| wanted.is_in_the_way(option), &lines))
    });
    let changed = changed.map_err(Refused::Malformed)?;
    Ok((changed != text).then_some(changed))
}

/// The keys that [`set`] would write into `text`: those that a later [`unset`] is to take out.
///
/// # Errors
/// When `text` is malformed.
pub(super) fn written(text: &[u8], kind: Kind, wanted: &Wanted<'_>) -> Result<Vec<String>, Malformed> {
    let parsed = Text::parse(text)?;
    let sections = parsed.of_profile(kind, wanted.profile);
    // In a section of ours, what is there already is ours too.
    let gets = |section: &&Section, key: &str| {
        parsed.is_ours(section) || wanted.missing(section).any(|(missing, _)| *missing == key)
    };
    let is_written = |(key, _): &&Setting| sections.is_empty() || sections.iter().any(|section| gets(section, key));
    Ok(wanted.settings.iter().filter(is_written).map(|(key, _)| (*key).to_owned()).collect())
}

/// `text` without what [`set`] put there under these keys, or nothing where none of it is there any more.
///
/// # Errors
/// When `text` is malformed.
pub fn unset(text: &[u8], kind: Kind, profile: &str, keys: &[String]) -> Result<Option<Vec<u8>>, Malformed> {
    let ours = |option: &Entry| keys.contains(&option.key);
    let changed =
        each(text, kind, profile, |text, section| text.is_ours(section).then(|| text.rewrite(section, ours, &[])))?;
    Ok((changed != text).then_some(changed))
}

/// Has `change` rewrite each section of the profile; the last one first, so that those before it stay where they are.
fn each(
    text: &[u8],
    kind: Kind,
    profile: &str,
    change: impl Fn(&Text<'_>, &Section) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, Malformed> {
    let count = Text::parse(text)?.of_profile(kind, profile).len();
    let mut changed = text.to_vec();
    for index in (0..count).rev() {
        let parsed = Text::parse(&changed)?;
        let section = parsed.of_profile(kind, profile).into_iter().nth(index);
        if let Some(new) = section.and_then(|section| change(&parsed, section)) {
            changed = new;
        }
    }
    Ok(changed)
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

/// Whether there are sections in `text`, and all of them are ours.
pub(super) fn is_all_ours(text: &[u8]) -> bool {
    let Ok(parsed) = Text::parse(text) else { return false };
    !parsed.sections.is_empty()
        && parsed.begins_with_a_section()
        && parsed.sections.iter().all(|section| parsed.is_ours(section))
}

#[cfg(test)]
mod tests;
