//! The text of a file, read as Python's configparser reads it, on which the AWS CLI and boto3 rest.
//!
//! <https://docs.python.org/3/library/configparser.html#supported-ini-file-structure>,
//! <https://github.com/boto/botocore/blob/develop/botocore/configloader.py>.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::{Kind, MARK, Malformed};

/// The section whose settings configparser takes for the defaults of all others.
const DEFAULTS: &str = "DEFAULT";

/// What is wrong with a header that does not end.
const OPEN: &str = "a section's name has no `]` after it";

pub(super) struct Section {
    pub(super) header: usize,
    /// What stands between the brackets.
    pub(super) name: String,
    /// The lines after the header.
    pub(super) body: Range<usize>,
    pub(super) options: Vec<Entry>,
}

/// An option's key, its value's first line, and the lines it covers.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    lines: Range<usize>,
}

pub(super) struct Text<'t> {
    lines: Vec<&'t [u8]>,
    pub(super) sections: Vec<Section>,
}

impl<'t> Text<'t> {
    /// # Errors
    /// Where the AWS CLI ends with an error.
    pub(super) fn parse(bytes: &'t [u8]) -> Result<Self, Malformed> {
        let lines = lines(bytes);
        let mut sections: Vec<Section> = Vec::new();
        let mut seen: HashSet<(String, Option<String>)> = HashSet::new();
        let mut level = 0;
        for (index, line) in lines.iter().enumerate() {
            let malformed = |why: &str| Malformed { line: index + 1, why: why.into() };
            let text = std::str::from_utf8(line).map_err(|_| malformed("it is not UTF-8 text"))?;
            let value = text.trim_matches(is_space);
            if value.is_empty() || value.starts_with(['#', ';']) {
                continue;
            }
            let indent = text.chars().take_while(|c| is_space(*c)).count();
            let option = sections.last_mut().and_then(|section| section.options.last_mut());
            if let Some(option) = option.filter(|_| indent > level) {
                option.continues(index, value).map_err(malformed)?;
                continue;
            }
            level = indent;
            if let Some(name) = header(value) {
                if name != DEFAULTS && !seen.insert((name.to_owned(), None)) {
                    return Err(malformed(&format!("the section [{name}] is there twice")));
                }
                let body = index + 1..index + 1;
                sections.push(Section { header: index, name: name.into(), body, options: Vec::new() });
                continue;
            }
            let open = value.starts_with('[') && !value.contains(['=', ':']);
            let Some(section) = sections.last_mut() else {
                return Err(malformed(match value.chars().next() {
                    Some('\u{feff}') => "it begins with a byte order mark",
                    _ if open => OPEN,
                    _ => "a setting stands before any section",
                }));
            };
            let setting = value.split_once(['=', ':']);
            let (key, value) = setting.ok_or_else(|| malformed(if open { OPEN } else { "no `=` in it" }))?;
            let key = key.trim_end_matches(is_space).to_lowercase();
            if key.is_empty() {
                return Err(malformed("no name before the `=`"));
            }
            if !seen.insert((section.name.clone(), Some(key.clone()))) {
                return Err(malformed(&format!("`{key}` is there twice in the section [{}]", section.name)));
            }
            let value = value.trim_matches(is_space).to_owned();
            section.options.push(Entry { key, value, lines: index..index + 1 });
        }
        let ends: Vec<usize> = sections.iter().skip(1).map(|next| next.header).chain([lines.len()]).collect();
        for (section, end) in sections.iter_mut().zip(ends) {
            section.body.end = end;
        }
        Ok(Self { lines, sections })
    }

    /// The sections that some tool takes for the profile, in their order.
    pub(super) fn of_profile(&self, kind: Kind, profile: &str) -> Vec<&Section> {
        self.sections.iter().filter(|section| section.is(kind, profile)).collect()
    }

    pub(super) fn is_ours(&self, section: &Section) -> bool {
        self.lines[section.body.clone()].iter().any(|line| is_mark(line))
    }

    /// Whether nothing but blank lines stands before the first section.
    pub(super) fn begins_with_a_section(&self) -> bool {
        let before = self.sections.first().map_or(0, |first| first.header);
        self.lines[..before].iter().all(|line| is_blank(line))
    }

    /// The text without `section`'s mark and the options that `goes` names; without the section where nothing else
    /// is in it; with `instead` right after its header.
    pub(super) fn rewrite(&self, section: &Section, goes: impl Fn(&Entry) -> bool, instead: &[String]) -> Vec<u8> {
        let dropped = |line: usize| {
            let goes = |option: &Entry| goes(option) && option.lines.contains(&line);
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
            if !instead.is_empty() && !out.ends_with(b"\n") && !out.ends_with(b"\r") {
                out.extend_from_slice(end.as_bytes());
            }
            // What is set in further than the option before it, a header too, continues that one's value.
            let after = section.options.iter().find(|option| !goes(option));
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
        text_of(self.lines[line]).trim_start_matches(is_space).starts_with(['#', ';'])
    }

    /// What the line is set in by; nothing after the last one.
    fn indent(&self, line: usize) -> String {
        let text = text_of(self.lines.get(line).copied().unwrap_or_default());
        text[..text.len() - text.trim_start_matches(is_space).len()].to_owned()
    }

    pub(super) fn append(&self, kind: Kind, profile: &str, lines: &[String]) -> Vec<u8> {
        let end = self.line_end();
        let mut out = self.lines.concat();
        if !out.is_empty() {
            let missing = match out.last() {
                Some(b'\n') => "",
                // A line's end that is cut: what comes next would complete it.
                Some(b'\r') => "\n",
                _ => end,
            };
            out.extend_from_slice(format!("{missing}{end}").as_bytes());
        }
        out.extend_from_slice(format!("[{}]{end}", kind.section(profile)).as_bytes());
        for line in lines {
            out.extend_from_slice(format!("{line}{end}").as_bytes());
        }
        out
    }

    fn line_end(&self) -> &'static str {
        let cut = self.lines.len() == 1 && self.lines[0].ends_with(b"\r");
        if cut || self.lines.first().is_some_and(|line| line.ends_with(b"\r\n")) { "\r\n" } else { "\n" }
    }
}

impl Entry {
    /// Takes a further line of the value, without the white space around it. Below a key without a value of its own, botocore
    /// reads settings.
    fn continues(&mut self, index: usize, value: &str) -> Result<(), &'static str> {
        self.lines.end = index + 1;
        let settings = self.value.is_empty();
        // Python ends a line of such settings at each of these.
        let ends = |c: char| {
            matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
        };
        let is_setting = |line: &str| line.trim_matches(is_space).is_empty() || line.contains('=');
        if settings && !value.split(ends).all(is_setting) {
            return Err("no `=` in it, below a key without a value");
        }
        Ok(())
    }
}

impl Section {
    /// Whether some tool takes it for the profile. They differ in blanks and quotation marks within the brackets.
    fn is(&self, kind: Kind, profile: &str) -> bool {
        let name = self.name.trim_matches(is_space);
        let prefixed = name.strip_prefix("profile").filter(|rest| rest.starts_with(is_space));
        match kind {
            Kind::Credentials => name == profile,
            Kind::Config => match prefixed {
                Some(rest) => rest.trim_matches(is_space).trim_matches(['"', '\'']) == profile,
                None => name == "default" && profile == "default",
            },
        }
    }
}

/// The lines with their ends, which are those that Python's text files have.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let length = if rest[at..].starts_with(b"\r\n") { at + 2 } else { at + 1 };
        let (line, after) = rest.split_at(length);
        lines.push(line);
        rest = after;
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// What stands between the first bracket and the last one, if there is something.
fn header(value: &str) -> Option<&str> {
    let (name, _) = value.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// White space to Python, which takes four separators for it that Unicode does not.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn text_of(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line)
}

fn is_mark(line: &[u8]) -> bool {
    text_of(line).trim_matches(is_space) == MARK
}

fn is_blank(line: &[u8]) -> bool {
    text_of(line).trim_matches(is_space).is_empty()
}
