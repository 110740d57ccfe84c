//! The shared files' text, read and changed line by line: whatever is not ours stays as it is, to the byte.
//!
//! Lines are told apart as Python's configparser does, on which the AWS CLI and boto3 rest; the other SDKs read
//! the same files (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>).

use std::fmt;
use std::ops::Range;

use crate::emit::ini::Value;

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
    /// `[profile NAME]`, but `[default]`.
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

struct Section {
    header: usize,
    name: String,
    /// The lines after the header.
    body: Range<usize>,
    options: Vec<Entry>,
}

/// An option's key, its value's first line, and the lines it covers.
struct Entry {
    key: String,
    value: String,
    lines: Range<usize>,
}

struct Text<'t> {
    lines: Vec<&'t [u8]>,
    sections: Vec<Section>,
}

impl<'t> Text<'t> {
    fn parse(bytes: &'t [u8]) -> Result<Self, Malformed> {
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let mut sections: Vec<Section> = Vec::new();
        let mut level = 0;
        for (index, line) in lines.iter().enumerate() {
            let malformed = |why: &str| Malformed { line: index + 1, why: why.into() };
            let text = String::from_utf8_lossy(line);
            let value = text.trim();
            if value.is_empty() || value.starts_with(['#', ';']) {
                continue;
            }
            let indent = text.len() - text.trim_start().len();
            let option = sections.last_mut().and_then(|section| section.options.last_mut());
            if let Some(option) = option.filter(|_| indent > level) {
                option.lines.end = index + 1;
                continue;
            }
            level = indent;
            if let Some(rest) = value.strip_prefix('[') {
                let end = rest.rfind(']').ok_or_else(|| malformed("a section's name has no `]` after it"))?;
                let body = index + 1..index + 1;
                sections.push(Section { header: index, name: rest[..end].trim().into(), body, options: Vec::new() });
                continue;
            }
            let section = sections.last_mut().ok_or_else(|| malformed("a setting stands before any section"))?;
            let (key, value) = value.split_once(['=', ':']).ok_or_else(|| malformed("no `=` in it"))?;
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().to_owned());
            section.options.push(Entry { key, value, lines: index..index + 1 });
        }
        let ends: Vec<usize> = sections.iter().skip(1).map(|next| next.header).chain([lines.len()]).collect();
        for (section, end) in sections.iter_mut().zip(ends) {
            section.body.end = end;
        }
        Ok(Self { lines, sections })
    }

    /// The profile's section; two of one name are one too many for the AWS CLI.
    fn find(&self, kind: Kind, profile: &str) -> Result<Option<&Section>, Malformed> {
        let mut found = self.sections.iter().filter(|section| section.is(kind, profile));
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(second) => {
                Err(Malformed { line: second.header + 1, why: format!("the profile {profile} is there twice") })
            }
        }
    }

    fn is_ours(&self, section: &Section) -> bool {
        self.lines[section.body.clone()].iter().any(|line| is_mark(line))
    }

    /// The text without `section`'s mark and the options that `goes` names; without the section where nothing else
    /// is in it; with `instead` right after its header.
    fn rewrite(&self, section: &Section, goes: impl Fn(&str) -> bool, instead: &[String]) -> Vec<u8> {
        let dropped = |line: usize| {
            let goes = |option: &Entry| goes(&option.key) && option.lines.contains(&line);
            // A comment may stand between the lines of a value that goes.
            is_mark(self.lines[line]) || (!self.is_comment(line) && section.options.iter().any(goes))
        };
        let kept: Vec<usize> = section.body.clone().filter(|line| !dropped(*line)).collect();
        let mut out: Vec<u8> = Vec::new();
        let empty = kept.iter().all(|line| is_blank(self.lines[*line]));
        let mut before = section.header;
        if empty && instead.is_empty() && self.is_ours(section) {
            // The blank line above it came with it.
            before -= usize::from(before > 0 && is_blank(self.lines[before - 1]));
            self.lines[..before].iter().for_each(|line| out.extend_from_slice(line));
        } else {
            self.lines[..=section.header].iter().for_each(|line| out.extend_from_slice(line));
            let end = self.line_end();
            if !instead.is_empty() && !out.ends_with(b"\n") {
                out.extend_from_slice(end.as_bytes());
            }
            // What is set in further than the option before it, a header too, continues that one's value.
            let after = section.options.iter().find(|option| !goes(&option.key));
            let indent = self.indent(after.map_or(section.body.end, |option| option.lines.start));
            for line in instead {
                out.extend_from_slice(format!("{indent}{line}{end}").as_bytes());
            }
        }
        for line in kept {
            out.extend_from_slice(self.lines[line]);
        }
        self.lines[section.body.end..].iter().for_each(|line| out.extend_from_slice(line));
        out
    }

    fn is_comment(&self, line: usize) -> bool {
        String::from_utf8_lossy(self.lines[line]).trim_start().starts_with(['#', ';'])
    }

    /// What the line is set in by; nothing after the last one.
    fn indent(&self, line: usize) -> String {
        let text = String::from_utf8_lossy(self.lines.get(line).copied().unwrap_or_default());
        text[..text.len() - text.trim_start().len()].to_owned()
    }

    fn append(&self, kind: Kind, profile: &str, lines: &[String]) -> Vec<u8> {
        let end = self.line_end();
        let mut out = self.lines.concat();
        if !out.is_empty() {
            let missing = if out.ends_with(b"\n") { "" } else { end };
            out.extend_from_slice(format!("{missing}{end}").as_bytes());
        }
        let header = match kind {
            Kind::Config if profile != "default" => format!("[profile {profile}]"),
            Kind::Config | Kind::Credentials => format!("[{profile}]"),
        };
        out.extend_from_slice(format!("{header}{end}").as_bytes());
        for line in lines {
            out.extend_from_slice(format!("{line}{end}").as_bytes());
        }
        out
    }

    fn line_end(&self) -> &'static str {
        // The only line may lack the rest of its end, which it is given.
        if self.lines.first().is_some_and(|line| line.ends_with(b"\r\n") || line.ends_with(b"\r")) {
            "\r\n"
        } else {
            "\n"
        }
    }
}

impl Section {
    fn is(&self, kind: Kind, profile: &str) -> bool {
        let name = match kind {
            Kind::Credentials => self.name.as_str(),
            Kind::Config => match self.name.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t'])) {
                Some(rest) => rest.trim(),
                None if self.name == "default" => "default",
                None => return false,
            },
        };
        name.trim_matches(['"', '\'']) == profile
    }
}

fn is_mark(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).trim() == MARK
}

fn is_blank(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).trim().is_empty()
}

/// `text` with `profile` holding `settings` (for none: without those we gave it), or nothing where it would not change.
///
/// # Errors
/// When `text` is malformed, or holds a profile of this name that is not ours and not to be overwritten.
pub fn set(
    text: &[u8],
    kind: Kind,
    profile: &str,
    settings: &[Setting],
    overwrite: bool,
) -> Result<Option<Vec<u8>>, Refused> {
    let parsed = Text::parse(text).map_err(Refused::Malformed)?;
    let lines: Vec<String> = match settings {
        [] => Vec::new(),
        _ => std::iter::once(MARK.to_owned()).chain(settings.iter().map(|(key, value)| value.line(key))).collect(),
    };
    let Some(section) = parsed.find(kind, profile).map_err(Refused::Malformed)? else {
        return Ok((!lines.is_empty()).then(|| parsed.append(kind, profile, &lines)));
    };
    let ours = parsed.is_ours(section);
    let new = |key: &str| settings.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    let in_the_way = section.options.iter().filter(|option| {
        CREDENTIAL_KEYS.contains(&option.key.as_str()) || new(&option.key).is_some_and(|value| !value.is(&option.value))
    });
    let in_the_way: Vec<String> = in_the_way.map(|option| option.key.clone()).collect();
    if !ours && !overwrite && !in_the_way.is_empty() {
        return Err(Refused::Foreign { keys: in_the_way });
    }
    if !ours && lines.is_empty() && in_the_way.is_empty() {
        return Ok(None);
    }
    let goes = |key: &str| CREDENTIAL_KEYS.contains(&key) || new(key).is_some();
    let changed = parsed.rewrite(section, goes, &lines);
    Ok((changed != text).then_some(changed))
}

/// `text` without what [`set`] put there under these keys, or nothing where none of it is there any more.
///
/// # Errors
/// When `text` is malformed.
pub fn unset(text: &[u8], kind: Kind, profile: &str, keys: &[String]) -> Result<Option<Vec<u8>>, Malformed> {
    let parsed = Text::parse(text)?;
    let section = parsed.find(kind, profile)?.filter(|section| parsed.is_ours(section));
    Ok(section.map(|section| parsed.rewrite(section, |key| keys.iter().any(|ours| ours == key), &[])))
}

/// Whether there are sections in `text`, and all of them are ours.
pub(super) fn is_all_ours(text: &[u8]) -> bool {
    let Ok(parsed) = Text::parse(text) else { return false };
    let before = parsed.sections.first().map_or(0, |first| first.header);
    !parsed.sections.is_empty()
        && parsed.lines[..before].iter().all(|line| is_blank(line))
        && parsed.sections.iter().all(|section| parsed.is_ours(section))
}

#[cfg(test)]
#[path = "ini_tests.rs"]
mod tests;
