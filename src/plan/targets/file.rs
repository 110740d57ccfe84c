//! A parsed targets file: the version, the targets, and the keys of each, with their positions.

use super::keys::{Key, Keys, Takes};
use super::toml::{self, Fault, Node, Table, Value, short};
use crate::cloud::Arguments;
use crate::clouds;
use crate::error::Usage;

/// The content of a targets file.
#[derive(Debug)]
pub struct TargetsFile {
    /// The file's name in errors.
    path: String,
    text: String,
    /// In the order of the text.
    pub targets: Vec<Target>,
}

/// The longest value, in bytes. Errors quote values, so they must be short.
const LONGEST_VALUE: usize = 8192;

/// A target, before its values are checked.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The command of its cloud.
    pub cloud: &'static str,
    at: usize,
    /// Its keys.
    pub settings: Vec<Setting>,
}

/// A key of a target, with its value.
#[derive(Debug)]
pub struct Setting {
    /// The key.
    pub key: Key,
    /// The value: one text, or several. `true` is one empty text, and `false` is none.
    pub values: Vec<String>,
    at: usize,
}

impl TargetsFile {
    /// Parses `text`, the content of the file at `path`.
    ///
    /// # Errors
    /// The first fault in it, with line and column.
    pub fn parse(path: &str, text: &str) -> Result<Self, Usage> {
        let mut file = Self { path: path.to_owned(), text: text.to_owned(), targets: Vec::new() };
        let root = toml::parse(text).map_err(|fault| file.usage(fault))?;
        file.targets = targets(&root).map_err(|wrong| wrong.usage(&file))?;
        Ok(file)
    }

    fn usage(&self, fault: Fault) -> Usage {
        Usage::new(fault.why).at(&self.place(fault.at))
    }

    /// `FILE:LINE:COLUMN` of a position in the text; columns are characters and start at 1.
    fn place(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.path)
    }

    /// The target of this name.
    ///
    /// # Errors
    /// If there is none. The error suggests the most similar name.
    pub fn target(&self, name: &str) -> Result<&Target, Usage> {
        self.targets.iter().find(|target| target.name == name).ok_or_else(|| {
            let names = self.targets.iter().map(|target| target.name.as_str());
            let usage = Usage::new(format!("{} has no target `{name}`", self.path));
            match nearest(name, names) {
                Some(near) => usage.hint(format!("write {near}, if that is meant")),
                None => usage.hint("oidc-exchange use --list shows the targets"),
            }
        })
    }

    /// The file's name in errors.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Adds to `usage` the position of the key that it names as an option, or else of the target.
    #[must_use]
    pub fn at(&self, target: &Target, usage: Usage) -> Usage {
        let at = target.named_in(&usage).map_or(target.at, |setting| setting.at);
        usage.at(&format!("{}: target {}", self.place(at), target.name))
    }

    /// The same, only if `usage` names a key.
    #[must_use]
    pub fn at_key(&self, target: &Target, usage: Usage) -> Usage {
        if target.named_in(&usage).is_some() { self.at(target, usage) } else { usage }
    }

    /// The same for an error about one key.
    #[must_use]
    pub fn at_setting(&self, target: &Target, setting: &Setting, why: &str) -> Usage {
        let place = self.place(setting.at);
        Usage::new(format!("{place}: target {}: {}.{}: {why}", target.name, target.cloud, setting.key.name))
    }
}

impl Target {
    /// The values of the key `name`.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.settings.iter().filter(move |it| it.key.name == name).flat_map(|it| it.values.iter().map(String::as_str))
    }

    /// The first key of the target that `usage` names, as an option or as a key.
    fn named_in(&self, usage: &Usage) -> Option<&Setting> {
        let text = usage.to_string();
        let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_in =
            |name: String| text.match_indices(&name).any(|(at, found)| !text[at + found.len()..].starts_with(goes_on));
        let named = |setting: &&Setting| {
            let key = &setting.key.name;
            is_in(format!("--{key}")) || is_in(format!("{}.{key}", self.cloud))
        };
        self.settings.iter().find(named)
    }

    /// The keys as options and words of a command line.
    #[must_use]
    pub fn arguments(&self) -> Arguments {
        let mut arguments = Arguments::default();
        for setting in &self.settings {
            for value in &setting.values {
                match (setting.key.is_for_words, setting.key.takes) {
                    (true, _) => arguments.add_word(value),
                    (false, Takes::Flag) => arguments.add_option(&setting.key.name, None),
                    (false, Takes::Text | Takes::List) => arguments.add_option(&setting.key.name, Some(value)),
                }
            }
        }
        arguments
    }
}

/// A fault, with suggestions.
struct Wrong(Fault, Vec<String>);

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self(fault, Vec::new())
    }
}

impl Wrong {
    fn new(at: usize, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self(Fault::new(at, why), vec![hint.into()])
    }

    fn usage(self, file: &TargetsFile) -> Usage {
        self.1.into_iter().fold(file.usage(self.0), Usage::hint)
    }
}

fn targets(root: &Table) -> Result<Vec<Target>, Wrong> {
    const VERSION: &str = "write `version = 1` in its first line";
    match root.get("version") {
        None => return Err(Wrong::new(0, "the file has no version", VERSION)),
        Some(entry) => match &entry.node {
            Node::Value(Value::Number(number), _) if number == "1" => {}
            Node::Value(_, at) => return Err(Wrong::new(*at, "the version is not 1", VERSION)),
            Node::Table(_) => return Err(Wrong::new(entry.at, "the version is not 1", VERSION)),
        },
    }
    if let Some(entry) = root.entries.iter().find(|entry| !["version", "target"].contains(&entry.key.as_str())) {
        return Err(unknown(entry.at, &entry.key, "", ["version", "target"].into_iter()));
    }
    let entry =
        root.get("target").filter(|entry| !matches!(&entry.node, Node::Table(table) if table.entries.is_empty()));
    let Some(entry) = entry else {
        return Err(Wrong::new(0, "the file has no target", "begin one with [target.NAME]"));
    };
    let Node::Table(table) = &entry.node else {
        return Err(Wrong::new(entry.at, "`target` is not a table", "begin a target with [target.NAME]"));
    };
    table.entries.iter().map(|entry| target(&entry.key, entry.at, &entry.node)).collect()
}

fn target(name: &str, at: usize, node: &Node) -> Result<Target, Wrong> {
    const NAME: &str = "a target's name has lower-case letters, digits and hyphens, at most 63, and no hyphen first";
    const CLOUD: &str = "a target has keys of one cloud, such as aws.role-arn";
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=63).contains(&name.len()) || name.starts_with('-') || !name.bytes().all(plain) {
        return Err(Wrong::new(at, format!("`{}` is not a target's name", short(name)), NAME));
    }
    let Node::Table(table) = node else {
        return Err(Wrong::new(at, format!("the target {name} is not a table"), CLOUD));
    };
    let commands = || clouds::ALL.iter().map(|about| about.command);
    let mut found = None;
    for entry in &table.entries {
        let Some(cloud) = commands().find(|command| *command == entry.key) else {
            return Err(unknown(entry.at, &entry.key, &format!("target {name}: "), commands()));
        };
        let Node::Table(keys) = &entry.node else {
            return Err(Wrong::new(entry.at, format!("target {name}: `{cloud}` is not a table"), CLOUD));
        };
        if found.replace((cloud, keys)).is_some() {
            return Err(Wrong::new(entry.at, format!("the target {name} has two clouds"), "make a target of each"));
        }
    }
    let Some((cloud, keys)) = found else {
        return Err(Wrong::new(at, format!("the target {name} has no cloud"), CLOUD));
    };
    Ok(Target { name: name.to_owned(), cloud, at, settings: settings(name, cloud, keys)? })
}

fn settings(name: &str, cloud: &str, table: &Table) -> Result<Vec<Setting>, Wrong> {
    let Some(keys) = Keys::of(cloud) else { return Ok(Vec::new()) };
    let known = keys.all();
    let mut settings = Vec::new();
    for entry in &table.entries {
        let Some(key) = known.iter().find(|key| key.name == entry.key) else {
            if let Some(why) = keys.why_not(&entry.key) {
                let fault = Fault::new(entry.at, format!("target {name}: {cloud}.{}: {why}", entry.key));
                return Err(fault.into());
            }
            let before = format!("target {name}: {cloud}.");
            return Err(unknown(entry.at, &entry.key, &before, known.iter().map(|key| key.name.as_str())));
        };
        let wrong = |at: usize, what: &str| {
            let example = match key.takes {
                Takes::Flag => "true",
                Takes::Text => "\"…\"",
                Takes::List => "[\"…\"]",
            };
            Wrong::new(
                at,
                format!("target {name}: {cloud}.{} {what}", key.name),
                format!("write {cloud}.{} = {example}", key.name),
            )
        };
        let Node::Value(value, at) = &entry.node else { return Err(wrong(entry.at, "has no table below it")) };
        let values = match (key.takes, value) {
            (Takes::Flag, Value::Flag(flag)) => flag.then(String::new).into_iter().collect(),
            (Takes::Text, Value::Text(text)) => vec![text.clone()],
            (Takes::List, Value::List(list)) => texts(list).map_err(|at| wrong(at, "accepts only texts"))?,
            (Takes::Flag, _) => return Err(wrong(*at, "is true or false")),
            (Takes::Text, _) => return Err(wrong(*at, "requires a text in quotes")),
            (Takes::List, _) => return Err(wrong(*at, "requires a list of texts")),
        };
        if values.iter().any(|value| value.len() > LONGEST_VALUE) {
            let why = format!("target {name}: {cloud}.{}: a value has {LONGEST_VALUE} bytes at most", key.name);
            return Err(Fault::new(entry.at, why).into());
        }
        settings.push(Setting { key: key.clone(), values, at: entry.at });
    }
    Ok(settings)
}

/// The texts of a list, or the position of its first value that is not a text.
fn texts(list: &[(Value, usize)]) -> Result<Vec<String>, usize> {
    let text = |(value, at): &(Value, usize)| match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Flag(_) | Value::Number(_) | Value::List(_) | Value::Other => Err(*at),
    };
    list.iter().map(text).collect()
}

fn unknown<'n>(at: usize, key: &str, before: &str, known: impl Iterator<Item = &'n str> + Clone) -> Wrong {
    let hint = match nearest(key, known.clone()) {
        Some(near) => format!("write {near}, if that is meant"),
        None => format!("the keys are {}", known.collect::<Vec<_>>().join(", ")),
    };
    Wrong::new(at, format!("{before}{} is not a key", short(key)), hint)
}

/// The name that is most similar to `typed`, if any. Spellings of other tools count as similar.
fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    /// The same threshold as clap's.
    const LIKE: f64 = 0.7;
    let mut kebab = String::new();
    for c in typed.chars().take(80) {
        if c.is_ascii_uppercase() && !kebab.is_empty() && !kebab.ends_with('-') {
            kebab.push('-');
        }
        kebab.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    let like = |name: &str| if strsim::osa_distance(&kebab, name) < 2 { 1.0 } else { strsim::jaro(&kebab, name) };
    let scored = names.map(|name| (like(name), name)).filter(|(score, _)| *score > LIKE);
    scored.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}
