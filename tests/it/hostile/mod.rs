//! Every attack at every step: servers that mean harm, and what the program promises of its ends.
//!
//! A cell of the table is a run of the built program in a calling shell, whose server attacks at one step. What must come of
//! it is worked out from the promises ([`expected`]); what came of it is `docs/attacks.md`.

mod answers;
mod cell;
mod expected;
mod goaway;
mod rows;
pub(crate) mod texts;

use cell::Cell;
use expected::expected;
use sandbox::{Issuer, Job};

use crate::faults::cells::each_cell;
use crate::faults::document::{Table, section_is};
use crate::faults::steps::{STEPS, Step};

/// Many cells wait for their bound.
const AT_ONCE: usize = 16;

#[test]
fn every_attack_at_every_step() {
    // Its first use makes a key, which takes seconds: too long for a cell that counts them.
    drop(Issuer::start().unwrap().forged(&Job::branch("main")));
    let rows = rows::rows();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    // Some of them: `ATTACKS="vault: read ×" cargo test --test it hostile::`.
    let cells = each_cell("ATTACKS", &names, AT_ONCE, |row, step, shell| {
        let row = &rows[row];
        let expected = expected(step, row.kind);
        Cell { row, step, expected }.run(shell).map(|()| expected)
    });
    let Some(cells) = cells else { return };
    assert!(cells.iter().filter(|cell| cell.is_ok()).count() >= 200);
    section_is("docs/attacks.md", "Answers", &Table::new(&STEPS.map(Step::title), &names, cells).text());
}
