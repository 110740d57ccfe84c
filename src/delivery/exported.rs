//! The names of variables that only a request determines, recorded for `clean`. Values are never recorded.
//!
//! What is read is not trusted: another process of the job may have changed the manifest.

use crate::emit::Exports;
use crate::shell::Name;
use crate::shell::steering::is_removable;
use crate::state::{self, NewFiles, Note};

/// The kind of the notes in the manifest.
pub const KIND: &str = "exported-names";

/// Longest text of all names of a run: more would not fit into an environment.
const LONGEST: usize = 1 << 20;

/// Records the names that `exports` has of credentials, if `clean` does not remove them anyway and can find the record.
///
/// # Errors
/// When they cannot be written there, or are too long together.
pub(super) async fn record(exports: &Exports, place: &state::StateDir) -> Result<Option<NewFiles>, state::Error> {
    let names: Vec<&str> = exports.chosen().iter().filter(|name| is_removable(name)).map(Name::as_str).collect();
    if names.is_empty() || !place.is_lasting() {
        return Ok(None);
    }
    let mut files = place.open()?.new_files();
    if names.iter().map(|name| name.len()).sum::<usize>() > LONGEST {
        return Err(state::Error::write(files.path(), "the names of the variables are too long together"));
    }
    files.note(KIND, &names).await?;
    Ok(Some(files))
}

/// The names in `note` that a shell can do without.
#[must_use]
pub fn read(note: &Note) -> Vec<Name> {
    let texts = note.read::<Vec<String>>().unwrap_or_default();
    texts.iter().filter_map(|text| Name::new(text)).filter(is_removable).collect()
}
