//! The text of a file, read as Python's configparser reads it, on which the AWS CLI and boto3 rest.
//!
//! <https://docs.python.org/3/library/configparser.html#supported-ini-file-structure>,
//! <https://github.com/boto/botocore/blob/develop/botocore/configloader.py>.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::mark::{Mark, Scope, Written};
use super::{Kind, Malformed};

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

    /// What is ours in `section`, as far as the comments tell that `counts` is true of.
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

    /// Whether there are sections, each of them ours in a file that was made for ours.
    pub(super) fn is_all_in_our_file(&self) -> bool {
        let is_ours = |section: &Section| self.ours(section, |_| true).scope == Scope::File;
        !self.sections.is_empty() && self.sections.iter().all(is_ours)
    }

    /// The text with each of these sections as `change` has it; one that it has nothing for stays as it is.
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
        // A comment may be between the lines of a value that goes.
        let dropped = |line: usize| ours.marks.contains(&line) || (gone.contains(&line) && !self.is_comment(line));
        let kept = || section.body.clone().filter(|line| !dropped(*line)).map(|line| self.lines[line]);
        if lines.is_empty() && ours.scope > Scope::Settings && kept().all(is_blank) {
            // The blank line above it came with it.
            out.pop_if(|line| is_blank(line));
        } else {
            let header = self.lines[section.header];
            out.push(Cow::Borrowed(header));
            let end = self.line_end();
            if !lines.is_empty() && !header.ends_with(b"\n") && !header.ends_with(b"\r") {
                out.push(Cow::Borrowed(end.as_bytes()));
            }
            // What is set in further than the option before it, a header too, continues that one's value.
            let after = section.options.iter().find(|option| !gone.contains(&option.lines.start));
            let indent = self.indent(after.map_or(section.body.end, |option| option.lines.start));
            out.extend(lines.iter().map(|line| Cow::Owned(format!("{indent}{line}{end}").into_bytes())));
        }
        out.extend(kept().map(Cow::Borrowed));
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

/// What becomes of a section: it loses its comments of ours and other lines, itself too if it is ours and empty then, and
/// gets `lines` right after its header.
pub(super) struct Rewrite<'t> {
    pub(super) ours: Ours<'t>,
    pub(super) gone: HashSet<usize>,
    pub(super) lines: Vec<String>,
}

/// What the comments in a section tell to be ours.
pub(super) struct Ours<'t> {
    /// The comments' lines.
    marks: HashSet<usize>,
    pub(super) scope: Scope,
    settings: HashMap<&'t str, Vec<Written<'t>>>,
}

impl Ours<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether the option is ours, and as it was written: on one line, with that value.
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

/// [`Text::parse`] has seen that it is text.
fn text_of(line: &[u8]) -> &str {
    std::str::from_utf8(line).unwrap_or_default()
}

fn is_blank(line: &[u8]) -> bool {
    text_of(line).trim_matches(is_space).is_empty()
}
