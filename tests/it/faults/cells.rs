//! The cells of a table of rows and steps. Many run at a time, and all failures are reported together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::steps::Step;
use crate::support::shells::{self, Shell};

/// The reason why a cell is empty.
pub(crate) type Dash = &'static str;

/// Runs each of `rows` at each of `steps`, `at_once` of them in parallel, in different shells. Returns the results row
/// by row. `None` if the variable `selection` selects some of them by a part of their name.
///
/// # Panics
/// If cells panic, after all of them have run.
pub(crate) fn each_cell<E: Send>(
    selection: &str,
    rows: &[&str],
    steps: &[Step],
    at_once: usize,
    run: impl Fn(usize, Step, &Shell) -> Result<E, Dash> + Sync,
) -> Option<Vec<Result<E, Dash>>> {
    let only = std::env::var(selection).unwrap_or_default();
    let cells: Vec<(usize, Step)> =
        (0..rows.len()).flat_map(|row| steps.iter().map(move |step| (row, *step))).collect();
    let seen: Vec<Mutex<Option<Result<E, Dash>>>> = cells.iter().map(|_| Mutex::new(None)).collect();
    let (next, wrong, shells) = (AtomicUsize::new(0), Mutex::new(Vec::new()), shells::posix());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((row, step)) = cells.get(index) else { break };
                    let name = format!("{} × {}", step.title(), rows[*row]);
                    if !name.contains(&only) {
                        continue;
                    }
                    let shell = &shells[index % shells.len()];
                    match catch_unwind(AssertUnwindSafe(|| run(*row, *step, shell))) {
                        Ok(ended) => *seen[index].lock().unwrap() = Some(ended),
                        Err(_) => wrong.lock().unwrap().push(format!("{name} ({})", shell.name)),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
    let seen = seen.into_iter().map(|cell| cell.into_inner().unwrap().unwrap_or(Err("not run")));
    only.is_empty().then(|| seen.collect())
}
