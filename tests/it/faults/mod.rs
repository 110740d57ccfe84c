//! Every fault at every step: what the program promises of its ends, crossed and compared.
//!
//! A cell of the table is a run of the built program in a calling shell, with one fault at one step. What must come of it
//! is worked out from the promises ([`expected`]); what came of it is `docs/faults.md`.

mod answers;
mod cell;
pub(crate) mod document;
mod expected;
mod late;
mod leaks;
mod machine;
mod outage;
mod rows;
mod runs;
mod setting;
pub(crate) mod steps;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cell::{Cell, Dash, Way};
use document::{Table, section_is};
use expected::{End, expected};
use rows::Row;
use sandbox::{Issuer, Job};
use steps::{Exchange, STEPS, Step};

use crate::network::names::has_namespaces;
use crate::support::shells;

/// Most cells wait most of the time.
const AT_ONCE: usize = 32;

/// In which ways a cell is run: what fails is run again where there is something to lose. Of those that take their time, a
/// third is.
fn ways(step: Step, row: usize, end: End) -> Vec<Way> {
    let file = if step.exchange() == Exchange::Aws && row % 2 == 1 { Way::Profile } else { Way::File };
    let nothing_to_lose = end.code() == 0 || step.exchange() == Exchange::Verify;
    let column = STEPS.iter().position(|other| *other == step).unwrap();
    let passed_over = end == End::Bound && !(row + column).is_multiple_of(3);
    if nothing_to_lose || passed_over { vec![Way::Shell] } else { vec![Way::Shell, file] }
}

#[test]
fn every_fault_at_every_step() {
    // Its first use makes a key, which takes seconds: too long for a cell that counts them.
    drop(Issuer::start().unwrap().forged(&Job::branch("main")));
    let rows = rows::rows();
    // Some of them: `FAULTS="vault: read ×" cargo test --test it faults::`.
    let only = std::env::var("FAULTS").unwrap_or_default();
    let cells: Vec<(usize, Step)> = (0..rows.len()).flat_map(|row| STEPS.map(|step| (row, step))).collect();
    let seen: Vec<Mutex<Option<Result<End, Dash>>>> = cells.iter().map(|_| Mutex::new(None)).collect();
    let (next, wrong, shells) = (AtomicUsize::new(0), Mutex::new(Vec::new()), shells::posix());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((row, step)) = cells.get(index) else { break };
                    let name = format!("{} × {}", step.title(), rows[*row].name);
                    if !name.contains(&only) {
                        continue;
                    }
                    let shell = &shells[index % shells.len()];
                    let run =
                        |patience| catch_unwind(AssertUnwindSafe(|| all_ways(&rows, *row, *step, shell, patience)));
                    let short = expected(*step, rows[*row].kind, rows[*row].times) == End::Bound;
                    // A machine that is too busy for two attempts in a short time shows them in a longer one.
                    let ended = if short { run(1).or_else(|_| run(6)) } else { run(1) };
                    match ended {
                        Ok(end) => *seen[index].lock().unwrap() = Some(end),
                        Err(_) => wrong.lock().unwrap().push(format!("{name} ({})", shell.name)),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
    if !only.is_empty() || !has_namespaces() {
        return;
    }
    let cells = seen.into_iter().map(|cell| cell.into_inner().unwrap().unwrap_or(Err("not run")));
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    section_is("docs/faults.md", "Steps", &Table::new(&STEPS.map(Step::title), &names, cells.collect()).text());
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
