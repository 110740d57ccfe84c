//! A file that does not end: a pipe that nobody writes to, and one that never stops.

use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use rustix::process::Signal;
use sandbox::Sandbox;

use super::{FILE, INPUTS, Input, UNBOUNDED, mkfifo};

/// At once, on a machine that does much else.
const SOON: Duration = Duration::from_secs(10);

fn all() -> impl Iterator<Item = &'static Input> {
    INPUTS.iter().chain(UNBOUNDED)
}

/// Some rows beside each other, for they wait: not so many that a run has no time to begin.
fn each(inputs: impl Iterator<Item = &'static Input>, check: impl Fn(&Input, &Sandbox) + Sync) {
    let sandbox = Sandbox::start().unwrap();
    for some in inputs.collect::<Vec<_>>().chunks(4) {
        std::thread::scope(|scope| {
            for input in some {
                scope.spawn(|| check(input, &sandbox));
            }
        });
    }
}

#[test]
fn a_pipe_that_nobody_writes_to_is_given_up_at_the_timeout() {
    each(INPUTS.iter(), |input, sandbox| {
        let program = input.program(sandbox).args(["--timeout", "2s"]);
        mkfifo(&program.scratch().path().join(FILE));
        let output = program.run();
        output.exits(input.code.into()).stdout_is(&input.stop(input.code));
        let said = output.stderr();
        let expected = if input.code == 3 {
            format!("error: cannot read the subject token from {FILE}: it did not end before --timeout\n")
        } else if said.contains("  said  ") {
            format!("  said       {}: cannot read {FILE}: it did not end in time\n", input.name)
        } else {
            format!("error: {}: cannot read {FILE}: it did not end before --timeout\n", input.name)
        };
        assert!(said.contains(&expected), "{}: {}", input.name, output.describe());
        assert!(output.took > Duration::from_millis(1500) && output.took < SOON, "{}: {:?}", input.name, output.took);
    });
}

#[test]
fn a_signal_ends_the_reading_at_once() {
    each(all(), |input, sandbox| {
        let program = input.program(sandbox);
        let pipe = program.scratch().path().join(FILE);
        mkfifo(&pipe);
        let running = program.spawn();
        // Opening for writing without waiting succeeds once somebody has the pipe open for reading.
        let open = || std::fs::OpenOptions::new().write(true).custom_flags(libc_nonblock()).open(&pipe);
        let held = std::iter::repeat_with(|| {
            std::thread::sleep(Duration::from_millis(5));
            open().ok()
        });
        let held = held.take(4000).flatten().next();
        assert!(held.is_some(), "{}: the pipe is not read", input.name);
        running.signal(Signal::TERM);
        let output = running.wait();
        output.exits(5).stdout_is(&input.stop(5));
        assert_eq!(
            output.stderr(),
            "error: interrupted by SIGTERM; no credentials were handed out\n",
            "{}",
            input.name
        );
        assert!(output.took < SOON, "{}: {:?}", input.name, output.took);
    });
}

fn libc_nonblock() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

#[test]
fn one_that_never_stops_is_given_up_at_a_size() {
    each(all(), |input, sandbox| {
        let program = input.program(sandbox);
        std::os::unix::fs::symlink("/dev/zero", program.scratch().path().join(FILE)).unwrap();
        let output = program.run();
        output.exits(input.code.into()).stdout_is(&input.stop(input.code));
        let said = output.stderr();
        let names = if input.code == 3 { "the subject token" } else { input.name };
        let what = [
            "it is larger than 1 MiB",
            "it is larger than 4 MiB",
            "it is larger than 16 MiB",
            "it is longer than 64 KiB",
        ];
        let first = said.lines().next().unwrap_or_default();
        let line = if first.starts_with("error: cannot ask") { said.lines().nth(1).unwrap_or_default() } else { first };
        assert!(line.contains(names) && what.iter().any(|what| line.ends_with(what)), "{}: {said}", input.name);
        assert!(output.took < SOON, "{}: {:?}", input.name, output.took);
    });
}
