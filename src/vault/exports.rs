//! Turns answers into the job's variables and files: all of them or none.

use std::collections::HashSet;

use super::Request;
use super::held_token::HeldToken;
use super::names;
use super::reading::{Document, Documents};
use super::selection::{Field, Missing, Naming, Selection, Target};
use super::value::{self, Unusable};
use crate::emit::{self, Content, Exports, Names};
use crate::error::{Error, Refusal};
use crate::http::{Exhausted, Held};
use crate::secret::Secret;
use crate::shell::Name;
use crate::state::{self, NewFiles};

/// The longest string of an `exec`, including `NAME=` and the NUL at its end (Linux, `MAX_ARG_STRLEN`).
const LONGEST: usize = 128 << 10;

/// The variables that `request` sets, or may set, and unsets, if they are known before the read.
#[must_use]
pub fn names(request: &Request) -> Names {
    let named = request.selections.iter().filter_map(|selection| match &selection.target {
        Target::Variable(name) => Some(name.clone()),
        Target::Each { .. } => None,
    });
    let mut set: Vec<Name> = named.collect();
    if request.export_token {
        set.extend(["VAULT_TOKEN", "VAULT_ADDR"].map(Name::fixed));
        set.extend(request.namespace.is_some().then(|| Name::fixed("VAULT_NAMESPACE")));
    }
    Names { set, removed: request.beaten_names() }
}

/// The content of one variable. Its `Debug` does not show the content.
pub struct Item {
    name: Name,
    /// `None` if it is optional and missing.
    content: Option<value::Content>,
    file: bool,
}

/// Selects the values from the answers, in the order of the request.
///
/// `memory` is the budget for the values until the end of the run: here, and in the printed text.
pub(super) fn pick(
    request: &Request,
    read: &Documents,
    presented: &[String],
    memory: Held,
) -> Result<Vec<Item>, Error> {
    let mut items = Items { all: Vec::new(), raw: request.raw, memory };
    for (selection, index) in request.selections.iter().zip(&read.of_selection) {
        let Some(document) = read.found.get(*index) else { continue };
        match &selection.target {
            Target::Variable(name) => {
                items.push(one(selection, name, document, presented)?)?;
                if selection.field == Field::Whole && !selection.treatment.file && !request.raw {
                    note_whole(name, document);
                }
            }
            Target::Each { prefix, naming } => many(selection, (prefix, *naming), document, &mut items)?,
        }
    }
    let items = items.kept();
    let mut seen = HashSet::new();
    match items.iter().find(|item| !seen.insert(item.name.clone())) {
        Some(item) => Err(emit::Error::Name {
            name: item.name.to_string(),
            why: "two secrets would be put into it".into(),
            hint: "give one of them another name or prefix".into(),
        }
        .into()),
        None => Ok(items),
    }
}

/// The values, and the memory that they need.
struct Items {
    all: Vec<Item>,
    raw: bool,
    memory: Held,
}

impl Items {
    /// The overhead of a value: its list entries, and the shell syntax of its line.
    const EACH: usize = 768;
    /// The number of copies of a plain character: in the value, in its line, and in the whole text.
    const PLAIN: usize = 4;
    /// The same for any other character, which becomes `'"$_oidc044"'` in a shell's line.
    const SPECIAL: usize = 40;

    fn push(&mut self, item: Item) -> Result<(), emit::Error> {
        let content = match &item.content {
            Some(value::Content::Text(text)) if !item.file && !self.raw => {
                let plain = text.bytes().filter(u8::is_ascii_alphanumeric).count();
                Self::PLAIN * plain + Self::SPECIAL * (text.len() - plain)
            }
            Some(content) => 2 * content.len(),
            None => 0,
        };
        let bytes = Self::EACH + 8 * item.name.as_str().len() + content;
        self.memory.add(bytes).map_err(|Exhausted| emit::Error::TooMuch)?;
        self.all.push(item);
        Ok(())
    }

    fn kept(self) -> Vec<Item> {
        self.memory.keep();
        self.all
    }
}

fn one(selection: &Selection, name: &Name, document: &Document, presented: &[String]) -> Result<Item, Error> {
    let treatment = &selection.treatment;
    let item = |content| Item { name: name.clone(), content, file: treatment.file };
    let found = match &document.fields {
        Some(fields) => value::content(&fields.wanted, &selection.field, treatment.base64),
        None => Err(Unusable::Absent),
    };
    match (found, &treatment.missing) {
        (Ok(content), _) => Ok(item(Some(content))),
        (Err(Unusable::Absent | Unusable::Null), Missing::Skip) => Ok(item(None)),
        (Err(Unusable::Absent | Unusable::Null), Missing::Default(text)) => {
            Ok(item(Some(value::Content::Text(text.clone()))))
        }
        (Err(why), _) => Err(unusable(&why, selection, document, presented)),
    }
}

/// Usually the field was forgotten.
fn note_whole(name: &Name, document: &Document) {
    if document.fields.is_none() {
        return;
    }
    let shown = document.names();
    tracing::warn!("{name} is the whole secret as JSON; {name}={}#FIELD is one field of it ({shown})", document.path);
}

fn unusable(why: &Unusable, selection: &Selection, document: &Document, presented: &[String]) -> Error {
    let field = match &selection.field {
        // A default that is written after the field may be a secret.
        Field::Key(field) | Field::Pointer(field) => {
            let shown = field.find("default=").map_or(field.clone(), |at| format!("{}default=…", &field[..at]));
            format!("field `{shown}`")
        }
        Field::Whole | Field::All => "field".into(),
    };
    let (title, hint) = match why {
        Unusable::Absent => (
            format!("the secret at {} has no {field}", document.path),
            selection.field.other_syntax(&document.path).unwrap_or_else(|| {
                "check the exact name of the field; `?optional` and `?default=` are for fields that may be absent"
                    .into()
            }),
        ),
        Unusable::Null => (
            format!("the {field} of the secret at {} is null", document.path),
            "write a value there; `?optional` and `?default=` are for fields that may be absent or null".into(),
        ),
        Unusable::NotBase64 => (
            format!("the {field} of {} is not base64", document.path),
            "leave `?base64` out to have it as it is".into(),
        ),
    };
    Error::from(Refusal {
        title,
        said: match document.names().as_str() {
            "" => "a secret without fields".into(),
            names => format!("a secret with {names}"),
        },
        asked: vec![format!("{field} of {}", document.path)],
        presented: presented.to_vec(),
        hints: vec![hint],
    })
}

/// Makes a variable for each key. The author of the secret chooses the keys, so variables that affect the job's shell
/// are refused.
fn many(
    selection: &Selection,
    (prefix, naming): (&str, Naming),
    document: &Document,
    items: &mut Items,
) -> Result<(), Error> {
    let Some(fields) = &document.fields else { return Ok(()) };
    if fields.wanted.is_empty() {
        tracing::warn!("the secret at {} has no fields: it sets no variable", document.path);
    }
    let wrong = |key: &String, why: &str| emit::Error::Name {
        name: format!("{prefix}{}", document.clean(key)),
        why: format!("{why} (from `#*` of {})", document.path),
        hint: "name the fields that are wanted one by one, or give a prefix".into(),
    };
    for key in fields.wanted.keys() {
        let name = naming.name(prefix, key).map_err(|nameless| wrong(key, nameless.why()))?;
        if let Some(reader) = names::reader(&name) {
            let is_the_key = name.as_str().eq_ignore_ascii_case(&format!("{prefix}{key}"));
            let it = if is_the_key { "it".to_owned() } else { format!("`{name}`, which it would become") };
            let why = format!("{reader} reads {it}, and a secret's key may not choose what that does");
            return Err(wrong(key, &why).into());
        }
        let found = value::content(&fields.wanted, &Field::Key(key.clone()), selection.treatment.base64);
        let content = match found {
            Ok(content) => Some(content),
            // A null counts as missing, without an error.
            Err(Unusable::Absent | Unusable::Null) => None,
            Err(why @ Unusable::NotBase64) => return Err(unusable(&why, selection, document, &[])),
        };
        items.push(Item { name, content, file: selection.treatment.file })?;
    }
    Ok(())
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Item").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The result of `items` for the job, with the private files that it refers to: variables, or one raw value.
///
/// # Errors
/// If a value cannot be exported, or a file cannot be written.
pub async fn content(
    request: &Request,
    items: Vec<Item>,
    token: &HeldToken,
    place: &state::StateDir,
) -> Result<(Content, Option<NewFiles>), Error> {
    let (exports, files) = fill(request, items, token, place).await?;
    if request.raw {
        let value: String = exports.variables().map(|(_, value)| value).collect();
        return Ok((Content::Answer(Secret::new(value)), files));
    }
    Ok((Content::Variables(exports), files))
}

/// Checks every item, creates the private files, and fills the exports.
async fn fill(
    request: &Request,
    items: Vec<Item>,
    token: &HeldToken,
    place: &state::StateDir,
) -> Result<(Exports, Option<NewFiles>), Error> {
    let absent = items.iter().filter(|item| item.content.is_none()).map(|item| item.name.clone());
    let mut exports = Exports::new(absent.chain(request.beaten_names()).collect()).by_file();
    items.iter().try_for_each(|item| check(request, item))?;
    let mut files = if items.iter().any(|item| item.file && item.content.is_some()) {
        Some(place.open()?.new_files())
    } else {
        None
    };
    for Item { name, content, file } in items {
        match (content, &mut files) {
            (None, _) => {}
            (Some(content), Some(files)) if file => {
                let stem = name.as_str().to_ascii_lowercase();
                let path = files.bytes(&stem, |_| Ok(content.into_bytes())).await?;
                exports.set_chosen(name, emit::text_of(&path)?)?;
            }
            (Some(value::Content::Text(text)), _) => exports.set_chosen(name, text)?,
            (Some(value::Content::Bytes(_)), _) => return Err(emit::Error::NotText { name }.into()),
        }
    }
    if request.export_token {
        exports.set(Name::fixed("VAULT_TOKEN"), token.token.secret.reveal().to_owned())?;
        exports.set(Name::fixed("VAULT_ADDR"), request.address_text())?;
        if let Some(namespace) = &request.namespace {
            exports.set(Name::fixed("VAULT_NAMESPACE"), namespace.clone())?;
        }
    }
    Ok((exports, files))
}

/// Values that no environment can hold are refused before a file is created.
fn check(request: &Request, item: &Item) -> Result<(), emit::Error> {
    let name = || item.name.clone();
    match &item.content {
        Some(value::Content::Bytes(_)) if !item.file && request.raw => {
            Err(emit::Error::NotPrintable { name: name(), what: "is binary" })
        }
        Some(value::Content::Text(text)) if !item.file && request.raw && text.contains('\0') => {
            Err(emit::Error::NotPrintable { name: name(), what: "holds a NUL byte" })
        }
        Some(value::Content::Bytes(_)) if !item.file => Err(emit::Error::NotText { name: name() }),
        Some(value::Content::Text(text)) if !item.file && text.contains('\0') => Err(emit::Error::Nul { name: name() }),
        Some(value::Content::Text(text))
            if !item.file && !request.raw && item.name.as_str().len() + text.len() + 2 > LONGEST =>
        {
            Err(emit::Error::TooLong { name: name() })
        }
        Some(value::Content::Text(_) | value::Content::Bytes(_)) | None => Ok(()),
    }
}
