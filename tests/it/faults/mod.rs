//! Every fault at every step: compares the outcome with the program's guarantees.
//!
//! A cell of the table is a run of the built program in a shell, with a fault at a step. [`expected`] derives the
//! expected outcome from the guarantees; `docs/faults.md` contains the actual ones.

mod answers;
mod cell;
pub(crate) mod cells;
pub(crate) mod document;
mod expected;
mod late;
mod leaks;
mod machine;
mod outage;
pub(crate) mod rows;
mod runs;
pub(crate) mod setting;
pub(crate) mod steps;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cell::{Cell, Way};
use cells::{Dash, each_cell};
use document::{Table, section_is};
use expected::{End, expected};
use rows::Row;
use sandbox::{Issuer, Job};
use steps::{ELSEWHERE, Exchange, STEPS, Step};

use crate::network::names::has_namespaces;
use crate::support::shells;

/// Most cells wait most of the time.
const AT_ONCE: usize = 32;

/// The ways in which a cell is run. A failing cell is repeated with an existing file or profile; of the slow cells,
/// only a third is.
fn ways(step: Step, row: usize, end: End) -> Vec<Way> {
    let file = if step.exchange() == Exchange::Aws && row % 2 == 1 { Way::Profile } else { Way::File };
    let Some(column) = STEPS.iter().position(|other| *other == step) else { return vec![Way::Shell] };
    let nothing_to_lose = end.code() == 0 || step.exchange() == Exchange::Verify;
    let passed_over = end == End::TimedOut && !(row + column).is_multiple_of(3);
    if nothing_to_lose || passed_over { vec![Way::Shell] } else { vec![Way::Shell, file] }
}

#[test]
fn every_fault_at_every_step() {
    table("Steps", &STEPS);
}

#[test]
fn every_fault_where_the_result_goes_elsewhere() {
    table("Registries, Kubernetes, az and several targets", &ELSEWHERE);
}

/// Some of them: `FAULTS="vault: read ×" cargo test --test it faults::`.
fn table(section: &str, steps: &[Step]) {
    // Its first use creates a key, which takes seconds. That is too long for a cell with a short timeout.
    drop(Issuer::start().unwrap().forged(&Job::branch("main")));
    let rows = rows::rows();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let cells = each_cell("FAULTS", &names, steps, AT_ONCE, |row, step, shell| {
        let run = |patience| all_ways(&rows, row, step, shell, patience);
        if expected(step, rows[row].kind, rows[row].times) != End::TimedOut {
            return run(1);
        }
        // If the machine is too busy for two attempts in a short time, the time is longer.
        catch_unwind(AssertUnwindSafe(|| run(1))).unwrap_or_else(|_| run(6))
    });
    let Some(cells) = cells.filter(|_| has_namespaces()) else { return };
    let columns: Vec<&str> = steps.iter().map(|step| step.title()).collect();
    section_is("docs/faults.md", section, &Table::new(&columns, &names, cells).text());
}

fn all_ways(rows: &[Row], index: usize, step: Step, shell: &shells::Shell, patience: u32) -> Result<End, Dash> {
    let row = &rows[index];
    let expected = expected(step, row.kind, row.times);
    let mut ends = ways(step, index, expected).into_iter().map(|way| {
        let end = Cell { row, step, way, patience }.run(shell)?;
        assert!(end == expected, "{} × {}, {way:?}: {end} in place of {expected}", step.title(), row.name);
        Ok(end)
    });
    ends.find(Result::is_err).unwrap_or(Ok(expected))
}
