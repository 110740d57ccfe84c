//! Parses a file like Python's configparser, which the AWS CLI and boto3 use.
//!
//! <https://docs.python.org/3/library/configparser.html#supported-ini-file-structure>,
//! <https://github.com/boto/botocore/blob/develop/botocore/configloader.py>.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::mark::{Mark, Scope, Written};
use super::{Kind, Malformed};

/// The section with the defaults of all other sections in configparser.
const DEFAULTS: &str = "DEFAULT";

/// The fault of a header without its end.
const OPEN: &str = "a section's name has no `]` after it";

pub(super) struct Section {
    pub(super) header: usize,
    /// The text between the brackets.
    pub(super) name: String,
    /// The lines after the header.
    pub(super) body: Range<usize>,
    pub(super) options: Vec<Entry>,
}

/// An option: its key, the first line of its value, and its lines.
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
    /// If the AWS CLI fails on the text.
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
                    _ => "a setting is before the first section",
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

    /// The sections that some tool reads as the profile, in order.
    pub(super) fn of_profile(&self, kind: Kind, profile: &str) -> Vec<&Section> {
        self.sections.iter().filter(|section| section.is(kind, profile)).collect()
    }

    /// The settings in `section` that are ours, according to the comments for which `counts` is true.
    pub(super) fn ours(&self, section: &Section, counts: impl Fn(&str) -> bool) -> Ours<'t> {
        let mut ours = Ours { marks: HashSet::new(), scope: Scope::Settings, settings: HashMap::new() };
        for line in section.body.clone() {
            let text = text_of(self.lines[line]).trim_matches(is_space);
            let Some(mark) = Mark::parse(text).filter(|_| counts(text)) else { continue };
            ours.scope = if ours.is_empty() { mark.scope } else { ours.scope.min(mark.scope) };
            ours.marks.insert(line);
            mark.settings().for_each(|(key, setting)| ours.settings.entry(key).or_default().push(setting));
        }
        ours
    }

    /// Whether there are sections, and all of them are ours in a file that was created for us.
    pub(super) fn is_all_in_our_file(&self) -> bool {
        let is_ours = |section: &Section| self.ours(section, |_| true).scope == Scope::File;
        !self.sections.is_empty() && self.sections.iter().all(is_ours)
    }

    /// The text with each section changed as `change` returns; `None` keeps a section.
    pub(super) fn with(
        &self,
        sections: &[&Section],
        mut change: impl FnMut(&Section) -> Option<Rewrite<'t>>,
    ) -> Vec<u8> {
        let (mut out, mut done) = (Vec::new(), 0);
        for section in sections {
            let Some(rewrite) = change(section) else { continue };
            out.extend(self.lines[done..section.header].iter().map(|line| Cow::Borrowed(*line)));
            self.rewrite(section, &rewrite, &mut out);
            done = section.body.end;
        }
        out.extend(self.lines[done..].iter().map(|line| Cow::Borrowed(*line)));
        out.concat()
    }

    fn rewrite(&self, section: &Section, Rewrite { ours, gone, lines }: &Rewrite<'_>, out: &mut Vec<Cow<'t, [u8]>>) {
        // A comment may be between the lines of a removed value.
        let dropped = |line: usize| ours.marks.contains(&line) || (gone.contains(&line) && !self.is_comment(line));
        let kept = || section.body.clone().filter(|line| !dropped(*line)).map(|line| self.lines[line]);
        if lines.is_empty() && ours.scope > Scope::Settings && kept().all(is_blank) {
            // We also wrote the blank line above it.
            out.pop_if(|line| is_blank(line));
        } else {
            let header = self.lines[section.header];
            out.push(Cow::Borrowed(header));
            let end = self.line_end();
            if !lines.is_empty() && section.header + 1 == self.lines.len() {
                out.push(Cow::Borrowed(self.missing_end(header).as_bytes()));
            }
            // A line that is indented more than the option before it continues that option's value, even a header.
            let after = section.options.iter().find(|option| !gone.contains(&option.lines.start));
            let indent = self.indent(after.map_or(section.body.end, |option| option.lines.start));
            out.extend(lines.iter().map(|line| Cow::Owned(format!("{indent}{line}{end}").into_bytes())));
        }
        out.extend(kept().map(Cow::Borrowed));
    }

    fn is_comment(&self, line: usize) -> bool {
        text_of(self.lines[line]).trim_start_matches(is_space).starts_with(['#', ';'])
    }

    /// The indentation of the line; empty after the last line.
    fn indent(&self, line: usize) -> String {
        let text = text_of(self.lines.get(line).copied().unwrap_or_default());
        text[..text.len() - text.trim_start_matches(is_space).len()].to_owned()
    }

    pub(super) fn append(&self, kind: Kind, profile: &str, lines: &[String]) -> Vec<u8> {
        let end = self.line_end();
        let mut out = self.lines.concat();
        if !out.is_empty() {
            out.extend_from_slice(format!("{}{end}", self.missing_end(&out)).as_bytes());
        }
        out.extend_from_slice(format!("[{}]{end}", kind.section(profile)).as_bytes());
        for line in lines {
            out.extend_from_slice(format!("{line}{end}").as_bytes());
        }
        out
    }

    /// What the end of the whole text, which is not empty, lacks of a line ending.
    fn missing_end(&self, end: &[u8]) -> &'static str {
        match end.last() {
            Some(b'\n') => "",
            // An incomplete line ending: the next text would complete it.
            Some(b'\r') => "\n",
            _ => self.line_end(),
        }
    }

    fn line_end(&self) -> &'static str {
        let cut = self.lines.len() == 1 && self.lines[0].ends_with(b"\r");
        if cut || self.lines.first().is_some_and(|line| line.ends_with(b"\r\n")) { "\r\n" } else { "\n" }
    }
}

/// The change of a section: our comments and other lines are removed, and `lines` are inserted after its header. If
/// the section is ours and empty then, it is removed.
pub(super) struct Rewrite<'t> {
    pub(super) ours: Ours<'t>,
    pub(super) gone: HashSet<usize>,
    pub(super) lines: Vec<String>,
}

/// What the comments in a section list as ours.
pub(super) struct Ours<'t> {
    /// The lines of the comments.
    marks: HashSet<usize>,
    pub(super) scope: Scope,
    settings: HashMap<&'t str, Vec<Written<'t>>>,
}

impl Ours<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether the option is ours and unchanged: on one line, with the same value.
    pub(super) fn has(&self, option: &Entry) -> bool {
        let written = self.settings.get(option.key.as_str()).into_iter().flatten();
        option.lines.len() == 1 && written.into_iter().any(|setting| setting.is(&option.key, &option.value))
    }
}

impl Entry {
    /// The lines it covers.
    pub(super) fn lines(&self) -> Range<usize> {
        self.lines.clone()
    }

    /// Adds a line to the value, without leading and trailing white space. If the first line has no value, botocore
    /// parses the lines below as settings.
    fn continues(&mut self, index: usize, value: &str) -> Result<(), &'static str> {
        self.lines.end = index + 1;
        let settings = self.value.is_empty();
        // The line endings of Python for such settings.
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
    /// Whether some tool reads it as the profile. Tools treat spaces and quotation marks within the brackets
    /// differently.
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

/// The lines with their line endings, as Python's text files split them.
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

/// The text between the first and the last bracket, if any.
fn header(value: &str) -> Option<&str> {
    let (name, _) = value.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// White space in Python, which includes four separators that are not white space in Unicode.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// [`Text::parse`] has checked that it is UTF-8.
fn text_of(line: &[u8]) -> &str {
    std::str::from_utf8(line).unwrap_or_default()
}

fn is_blank(line: &[u8]) -> bool {
    text_of(line).trim_matches(is_space).is_empty()
}
