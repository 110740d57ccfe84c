//! Every attack at every step: servers that mean harm, and what the program promises of its ends.
//!
//! A cell of the table is a run of the built program in a calling shell, whose server attacks at one step. What must come of
//! it is worked out from the promises ([`expected`]); what came of it is `docs/attacks.md`.

mod answers;
mod cell;
mod expected;
mod goaway;
mod rows;
mod texts;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cell::Cell;
use expected::{End, expected};
use rows::Dash;
use sandbox::{Issuer, Job};

use crate::faults::document::{Table, section_is};
use crate::faults::steps::{STEPS, Step};
use crate::support::shells;

/// Many cells wait for their bound.
const AT_ONCE: usize = 16;

#[test]
fn every_attack_at_every_step() {
    // Its first use makes a key, which takes seconds: too long for a cell that counts them.
    drop(Issuer::start().unwrap().forged(&Job::branch("main")));
    let rows = rows::rows();
    // Some of them: `ATTACKS="vault: read ×" cargo test --test it hostile::`.
    let only = std::env::var("ATTACKS").unwrap_or_default();
    let cells: Vec<(usize, Step)> = (0..rows.len()).flat_map(|row| STEPS.map(|step| (row, step))).collect();
    let seen: Vec<Mutex<Option<Result<End, Dash>>>> = cells.iter().map(|_| Mutex::new(None)).collect();
    let (next, wrong, shells) = (AtomicUsize::new(0), Mutex::new(Vec::new()), shells::posix());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((row, step)) = cells.get(index) else { break };
                    let row = &rows[*row];
                    let name = format!("{} × {}", step.title(), row.name);
                    if !name.contains(&only) {
                        continue;
                    }
                    let shell = &shells[index % shells.len()];
                    let expected = expected(*step, row.kind);
                    let ended = catch_unwind(AssertUnwindSafe(|| Cell { row, step: *step, expected }.run(shell)));
                    let Ok(ended) = ended else {
                        wrong.lock().unwrap().push(format!("{name} ({})", shell.name));
                        continue;
                    };
                    *seen[index].lock().unwrap() = Some(ended.map(|()| expected));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
    if !only.is_empty() {
        return;
    }
    let cells: Vec<Result<End, Dash>> =
        seen.into_iter().map(|cell| cell.into_inner().unwrap().unwrap_or(Err("not run"))).collect();
    assert!(cells.iter().filter(|cell| cell.is_ok()).count() >= 200);
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    section_is("docs/attacks.md", "Answers", &Table::new(&STEPS.map(Step::title), &names, cells).text());
}
