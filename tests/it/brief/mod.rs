//! Every common error is short: at most 500 bytes on standard error, and at most two hints.
//!
//! A longer one needs a reason. `refused.rs` looks closer at those that a cloud's rules cause.

mod aws;
mod azure;
mod files;
mod google;
mod lines;
mod network;
mod registries;
mod vault;

use crate::support::Output;

const MOST: usize = 500;
const HINTS: usize = 2;

/// The runs of one area, each with a name for its kind of error.
#[derive(Default)]
struct Runs {
    count: usize,
    found: Vec<String>,
    /// Kinds that may be longer, each with the reason.
    longer: &'static [(&'static str, &'static str)],
}

impl Runs {
    fn with_longer(longer: &'static [(&'static str, &'static str)]) -> Self {
        Self { longer, ..Self::default() }
    }

    /// Adds a run that fails.
    #[track_caller]
    fn add(&mut self, kind: &str, exit: i32, output: &Output) {
        output.exits(exit);
        self.count += 1;
        let told = output.stderr();
        let hints = told.lines().filter(|line| line.starts_with("hint: ")).count();
        let may_be_longer = self.longer.iter().any(|(known, _)| *known == kind);
        let is_longer = told.len() > MOST || hints > HINTS;
        if let Ok(file) = std::env::var("OIDC_EXCHANGE_LENGTHS") {
            record(&file, kind, told.len(), hints);
        }
        if is_longer != may_be_longer {
            self.found.push(format!("{kind}: {} bytes, {hints} hints\n{told}", told.len()));
        }
    }

    /// Checks the number of kinds and their lengths.
    #[track_caller]
    fn are_short(self, at_least: usize) {
        assert!(self.count >= at_least, "only {} kinds", self.count);
        assert!(self.found.is_empty(), "{} of {}:\n\n{}", self.found.len(), self.count, self.found.join("\n"));
    }
}

/// Writes down a length, to compare two versions of the program.
fn record(file: &str, kind: &str, length: usize, hints: usize) {
    use std::io::Write as _;
    let mut file = std::fs::File::options().append(true).create(true).open(file).unwrap();
    writeln!(file, "{length}\t{hints}\t{kind}").unwrap();
}
