//! Every attack at every step: compares the outcome with the program's guarantees.
//!
//! A cell of the table is a run of the built program in a shell, with an attack at a step. [`expected`] derives the
//! expected outcome from the guarantees; `docs/attacks.md` contains the actual ones.

mod answers;
mod cell;
mod expected;
mod goaway;
mod rows;
pub(crate) mod texts;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cell::Cell;
use expected::{End, expected};
use sandbox::{Issuer, Job};

use crate::faults::cells::each_cell;
use crate::faults::document::{Table, section_is};
use crate::faults::steps::{ELSEWHERE, STEPS, Step};

/// Many cells wait for their timeout.
const AT_ONCE: usize = 16;

#[test]
fn every_attack_at_every_step() {
    table("Answers", &STEPS);
}

#[test]
fn every_attack_where_the_result_goes_elsewhere() {
    table("Registries, Kubernetes, az and several targets", &ELSEWHERE);
}

/// Some of them: `ATTACKS="vault: read ×" cargo test --test it hostile::`.
fn table(section: &str, steps: &[Step]) {
    // Its first use creates a key, which takes seconds. That is too long for a cell with a short timeout.
    drop(Issuer::start().unwrap().forged(&Job::branch("main")));
    let rows = rows::rows();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let cells = each_cell("ATTACKS", &names, steps, AT_ONCE, |row, step, shell| {
        let row = &rows[row];
        let expected = expected(step, row.kind);
        let run = |patience| Cell { row, step, expected, patience }.run(shell).map(|()| expected);
        if expected != End::TimedOut {
            return run(1);
        }
        // If the machine is too busy for two attempts in a short time, the time is longer.
        catch_unwind(AssertUnwindSafe(|| run(1))).unwrap_or_else(|_| run(6))
    });
    let Some(cells) = cells else { return };
    assert!(cells.iter().filter(|cell| cell.is_ok()).count() >= 200);
    let columns: Vec<&str> = steps.iter().map(|step| step.title()).collect();
    section_is("docs/attacks.md", section, &Table::new(&columns, &names, cells).text());
}
