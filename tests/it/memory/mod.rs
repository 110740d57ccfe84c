//! A run stays below 64 MiB of resident memory for every answer of a server.

mod bodies;
mod http2;
mod issuer;
mod server;
mod services;
mod vault;

use std::time::Duration;

use crate::support::{Output, Program};

/// The limit, in KiB.
const BOUND: u64 = 64 << 10;

/// Runs it as a child of a small process, and records its highest memory. The memory before `exec` counts too, so the
/// test's own process must not be the parent.
const MEASURE: &str = "
import os, sys
child = os.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
open('peak', 'w').write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) & 255)
";

/// Runs the program to its end.
#[track_caller]
fn bounded(what: &str, program: Program<'_>) -> Output {
    let scratch = program.scratch().path().to_owned();
    let output = program.measured_by(MEASURE).patient(Duration::from_secs(90)).run();
    let peak: u64 = std::fs::read_to_string(scratch.join("peak")).unwrap().trim().parse().unwrap();
    if std::env::var_os("SHOW_PEAKS").is_some() {
        eprintln!("{peak:>7} KiB  {}  {:.1} s  {what}", output.code.unwrap_or(-1), output.took.as_secs_f32());
    }
    assert!(peak < BOUND, "{what}: {peak} KiB\n{}", &output.stderr()[..output.stderr().len().min(2000)]);
    output
}

/// A failure like any other, with its exit code and a cause.
#[track_caller]
fn ends_well_or_is_told(what: &str, output: &Output) {
    let code = output.code.unwrap_or(-1);
    let told = [4, 5, 6].contains(&code) && output.stderr().contains("error: ");
    assert!(code == 0 || told, "{what}: {code}\n{}", &output.stderr()[..output.stderr().len().min(2000)]);
}
