//! Texts for users: help, the manual, completions, and the tables of the README.

mod completions;
mod help;
mod page;
mod reference;
mod tables;

use clap::{Command, CommandFactory};
use oidc_exchange::cli::Cli;

/// Every command with its words, the program itself first.
fn commands() -> Vec<(Vec<String>, Command)> {
    let mut program = Cli::command();
    program.build();
    let mut all = vec![(Vec::new(), program)];
    let mut next = 0;
    while let Some((path, command)) = all.get(next) {
        let below: Vec<(Vec<String>, Command)> = command
            .get_subcommands()
            .map(|below| ([path.clone(), vec![below.get_name().to_owned()]].concat(), below.clone()))
            .collect();
        all.extend(below);
        next += 1;
    }
    assert!(all.len() > 10, "clap shows its commands");
    all
}

/// All spellings of its options.
fn spellings(command: &Command) -> Vec<String> {
    let long = command.get_arguments().filter_map(|argument| argument.get_long()).map(|long| format!("--{long}"));
    let short = command.get_arguments().filter_map(clap::Arg::get_short).map(|short| format!("-{short}"));
    long.chain(short).collect()
}
