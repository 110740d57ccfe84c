//! Pages with tables that the tests write.

use std::fmt::Display;
use std::fs;
use std::sync::Mutex;

use super::cells::Dash;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A table in Markdown, with its notes.
pub(crate) struct Table<'t, E> {
    columns: &'t [&'t str],
    rows: &'t [&'t str],
    cells: Vec<Result<E, Dash>>,
}

impl<'t, E: Display> Table<'t, E> {
    /// `cells` row by row.
    pub(crate) fn new(columns: &'t [&'t str], rows: &'t [&'t str], cells: Vec<Result<E, Dash>>) -> Self {
        Self { columns, rows, cells }
    }

    pub(crate) fn text(&self) -> String {
        let mut notes: Vec<Dash> = Vec::new();
        let mut lines =
            vec![format!("| | {} |", self.columns.join(" | ")), format!("|---{}|", "|---".repeat(self.columns.len()))];
        for (name, cells) in self.rows.iter().zip(self.cells.chunks(self.columns.len())) {
            let cells = cells.iter().map(|cell| match cell {
                Ok(end) => end.to_string(),
                Err(dash) => {
                    let known = notes.iter().position(|note| note == dash);
                    let number = known.unwrap_or_else(|| {
                        notes.push(dash);
                        notes.len() - 1
                    });
                    format!("– {}", number + 1)
                }
            });
            lines.push(format!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | ")));
        }
        lines.push(String::new());
        lines.extend(notes.iter().enumerate().map(|(number, note)| format!("{}. {note}", number + 1)));
        lines.join("\n")
    }
}

/// Compares the section under `heading` of a page, such as `docs/faults.md`. `UPDATE_EXPECT=1` writes it.
#[track_caller]
pub(crate) fn section_is(page: &str, heading: &str, seen: &str) {
    static WRITING: Mutex<()> = Mutex::new(());
    let _one = WRITING.lock().unwrap();
    let path = format!("{ROOT}/{page}");
    let text = fs::read_to_string(&path).unwrap();
    let head = format!("## {heading}\n\n");
    let (before, rest) = text.split_once(&head).unwrap_or_else(|| panic!("no section {heading}"));
    let (found, after) =
        rest.split_once("\n\n## ").map_or((rest.trim_end(), None), |(found, after)| (found, Some(after)));
    if found == seen {
        return;
    }
    assert!(std::env::var_os("UPDATE_EXPECT").is_some(), "{page}, {heading}, should read:\n{seen}");
    let after = after.map_or("\n".to_owned(), |after| format!("\n\n## {after}"));
    fs::write(path, format!("{before}{head}{seen}{after}")).unwrap();
}
