#!/bin/sh
# clap 4.6.7 (derive): the code that defines a command's options takes five times the stack if rustc optimizes for size.
#
# Expected: `opt-level = "z"` makes the code smaller, and the memory that it needs at most equal.
# Seen (rustc 1.95, x86_64): `augment_args` has one stack frame for all options of a struct. For 21 options of type
# Option<String>, the stack is 28 KB deep with "z", and 6 KB with 3. With "z", the unfinished definitions of all options have
# places of their own. A short program pays a page fault for every 4 KB of it. `#[command(flatten)]` divides the frame.
#
# Exit 1: the behaviour has changed.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
mkdir "$directory/src"
cd "$directory"
cat >Cargo.toml <<'TOML'
[package]
name = "depth"
version = "0.0.0"
edition = "2024"

[dependencies]
clap = { version = "=4.6.7", default-features = false, features = ["std", "derive", "help"] }

[profile.release]
codegen-units = 1
TOML

{
    cat <<'RUST'
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};
use std::sync::atomic::{AtomicUsize, Ordering};

static DEEPEST: AtomicUsize = AtomicUsize::new(0);

/// Has no options. Its place in a struct of options shows how deep the stack is there.
struct Probe;

impl Args for Probe {
    #[inline(never)]
    fn augment_args(command: Command) -> Command {
        let here = 0_u8;
        DEEPEST.store(std::hint::black_box(&raw const here).addr(), Ordering::Relaxed);
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for Probe {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, Error> {
        Ok(Self)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Args)]
#[allow(dead_code)]
struct Options {
    #[arg(long, value_name = "TEXT", help_heading = "Options")]
    option_0: Option<String>,
    #[command(flatten)]
    probe: Probe,
RUST
    for number in $(seq 20); do
        printf '    #[arg(long, value_name = "TEXT", help_heading = "Options")]\n    option_%s: Option<String>,\n' "$number"
    done
    cat <<'RUST'
}

#[inline(never)]
fn defined() -> usize {
    Options::augment_args(Command::new("x")).get_arguments().count()
}

fn main() {
    let here = 0_u8;
    let top = std::hint::black_box(&raw const here).addr();
    assert_eq!(defined(), 21);
    println!("{}", top - DEEPEST.load(Ordering::Relaxed));
}
RUST
} >src/main.rs

depth() {
    CARGO_PROFILE_RELEASE_OPT_LEVEL=$1 CARGO_TARGET_DIR=$directory/target cargo run --quiet --release
}

fast=$(depth 3) small=$(depth z)
echo "stack for 21 options: $fast bytes with opt-level 3, $small bytes with opt-level z"
[ "$small" -gt 20000 ] && [ "$fast" -lt 10000 ]
