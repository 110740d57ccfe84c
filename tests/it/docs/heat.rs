//! docs/pictures/faults.svg: the table of docs/faults.md as coloured squares. `UPDATE_EXPECT=1` rewrites it.

use std::fmt::Write as _;

use super::pictures::{escaped, is_kept, svg};

const PAGE: &str = include_str!("../../../docs/faults.md");

/// Each possible cell, its colour, and its meaning.
const ENDS: [(&str, &str, &str); 6] = [
    ("0", "#2da44e", "succeeds"),
    ("0 after a retry", "#2da44e", ""),
    ("0, warning", "#d4a72c", "succeeds, with a warning"),
    ("5 at the timeout", "#8250df", "retried until the timeout, then fails"),
    ("5 at once", "#cf222e", "fails after one request"),
    ("4 at once", "#bf3989", "refused after one request"),
];

const LEFT: usize = 356;
const TOP: usize = 120;
const WIDE: usize = 36;
const HIGH: usize = 15;

/// The names of the columns, and each row's name and cells.
fn table() -> (Vec<&'static str>, Vec<(&'static str, Vec<&'static str>)>) {
    let lines = PAGE.lines().skip_while(|line| *line != "## Steps").skip(2).take_while(|line| line.starts_with('|'));
    let mut rows = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<&str>>());
    let head = rows.next().unwrap();
    let rows = rows.skip(1).map(|cells| (cells[0], cells[1..].to_vec()));
    (head[1..].to_vec(), rows.collect())
}

#[test]
fn the_picture_of_faults_is_the_table() {
    let (columns, rows) = table();
    assert!(columns.len() > 10 && rows.len() > 50);
    let mut body = String::new();
    for (index, name) in columns.iter().enumerate() {
        let x = LEFT + index * WIDE + 12;
        let y = TOP - 8;
        writeln!(body, "<text transform=\"translate({x} {y}) rotate(-40)\">{}</text>", escaped(name)).unwrap();
    }
    for (index, (name, cells)) in rows.iter().enumerate() {
        let y = TOP + index * HIGH;
        writeln!(body, "<text x=\"16\" y=\"{}\">{}</text>", y + 11, escaped(name)).unwrap();
        for (column, cell) in cells.iter().enumerate() {
            let x = LEFT + column * WIDE;
            if cell.starts_with('–') {
                continue;
            }
            let (_, colour, _) = ENDS.iter().find(|(end, ..)| end == cell).unwrap_or_else(|| panic!("{cell}"));
            let (column, width, height) = (columns[column], WIDE - 2, HIGH - 2);
            writeln!(
                body,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"><title>{name}, {column}: {cell}</title></rect>"
            )
            .unwrap();
        }
    }
    let mut y = TOP + rows.len() * HIGH + 16;
    for (_, colour, means) in ENDS.iter().filter(|(_, _, means)| !means.is_empty()) {
        writeln!(
            body,
            "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{means}</text>",
            WIDE - 2,
            HIGH - 2,
            LEFT + WIDE + 8,
            y + 11
        )
        .unwrap();
        y += HIGH + 3;
    }
    writeln!(body, "<text x=\"{LEFT}\" y=\"{}\">(empty)  not possible</text>", y + 11).unwrap();
    y += HIGH + 3;
    let title = "What a run ends with, for each fault at each step";
    is_kept("faults.svg", &svg(LEFT + columns.len() * WIDE + 100, y + 12, title, &body), "docs/faults.md");
}
