//! Tables, and the rules for adding keys to them.

/// A table, in the order of its keys in the text.
#[derive(Debug, PartialEq)]
pub struct Table {
    how: How,
    /// The keys with their places and values.
    pub entries: Vec<Entry>,
}

/// How a table was defined. It determines what may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By the header of a table inside it.
    Implied,
    /// By its own header.
    Header,
    /// By keys with dots.
    Dotted,
    /// As an inline table, in braces.
    Inline,
}

/// A key with its value.
#[derive(Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Its position in the text, in bytes.
    pub at: usize,
    /// The key's table or value.
    pub node: Node,
}

/// A table or a value.
#[derive(Debug, PartialEq)]
pub enum Node {
    /// A table.
    Table(Table),
    /// A value, and its position in the text.
    Value(Value, usize),
}

/// A value of a type that a targets file may have.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// A decimal number in its original form.
    Number(String),
    /// Several values with their positions.
    List(Vec<(Self, usize)>),
    /// Anything else.
    Other,
}

/// A fault of a text, and its position in bytes. Names of keys are the only part of the text in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The position.
    pub at: usize,
    /// The reason.
    pub why: String,
}

impl Fault {
    pub(in super::super) fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into() }
    }
}

/// A name in a form that fits into one line.
#[must_use]
pub fn short(name: &str) -> String {
    const LONGEST: usize = 64;
    if name.chars().count() <= LONGEST { name.to_owned() } else { name.chars().take(LONGEST).chain(['…']).collect() }
}

/// A part of a key.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) at: usize,
}

/// The most keys that a table may have. A file of 256 KiB could contain too many for a short run.
pub(super) const MOST: usize = 100;

impl Table {
    pub(super) fn new(how: How) -> Self {
        Self { how, entries: Vec::new() }
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The entry of `part`; a new table if there is none.
    fn entry(&mut self, part: &Part, how: How) -> Result<&mut Entry, Fault> {
        let at = match self.entries.iter().position(|entry| entry.key == part.text) {
            Some(at) => at,
            None => self.push(part, Node::Table(Self::new(how)))?,
        };
        self.entries.get_mut(at).ok_or_else(|| Fault::new(part.at, "the key is missing"))
    }

    fn push(&mut self, part: &Part, node: Node) -> Result<usize, Fault> {
        if self.entries.len() == MOST {
            return Err(Fault::new(part.at, format!("there are more than {MOST} entries in this table")));
        }
        self.entries.push(Entry { key: part.text.clone(), at: part.at, node });
        Ok(self.entries.len() - 1)
    }

    /// The table with the header `parts`, which must exist.
    pub(super) fn below(&mut self, parts: &[Part]) -> Result<&mut Self, Fault> {
        let mut table = self;
        for part in parts {
            match &mut table.entry(part, How::Implied)?.node {
                Node::Table(below) => table = below,
                Node::Value(..) => return Err(twice(part)),
            }
        }
        Ok(table)
    }

    /// Defines the table of a header.
    pub(super) fn open(&mut self, parts: &[Part]) -> Result<(), Fault> {
        let Some((last, before)) = parts.split_last() else { return Ok(()) };
        let mut table = self;
        for part in before {
            match &mut table.entry(part, How::Implied)?.node {
                Node::Table(below) if below.how != How::Inline => table = below,
                Node::Table(_) | Node::Value(..) => return Err(twice(part)),
            }
        }
        match &mut table.entry(last, How::Implied)?.node {
            Node::Table(below) if below.how == How::Implied => below.how = How::Header,
            Node::Table(_) | Node::Value(..) => return Err(twice(last)),
        }
        Ok(())
    }

    /// Puts a value at a key, which may have dots.
    pub(super) fn insert(&mut self, mut parts: Vec<Part>, node: Node) -> Result<(), Fault> {
        let Some(last) = parts.pop() else { return Ok(()) };
        let mut table = self;
        for part in &parts {
            match &mut table.entry(part, How::Dotted)?.node {
                Node::Table(below) if below.how == How::Dotted => table = below,
                Node::Table(_) | Node::Value(..) => return Err(twice(part)),
            }
        }
        if table.get(&last.text).is_some() {
            return Err(twice(&last));
        }
        table.push(&last, node).map(drop)
    }

    /// Closes an inline table: nothing can be added to it, nor to tables in it.
    pub(super) fn close(&mut self) {
        self.how = How::Inline;
        for entry in &mut self.entries {
            if let Node::Table(below) = &mut entry.node {
                below.close();
            }
        }
    }
}

fn twice(part: &Part) -> Fault {
    Fault::new(part.at, format!("`{}` is there twice", short(&part.text)))
}
