//! Runs that end at any time, by signals and by the timeout: the server counts the tokens that remain.

use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;
use sandbox::{Fault, Sandbox, VAULT_ROLE};

use crate::support::{Program, oidc_exchange};

/// The number of runs; `OIDC_EXCHANGE_ENDED_RUNS` sets another one.
const RUNS: usize = 120;

/// Parallel runs, each with its own server.
const AT_ONCE: usize = 6;

/// How long each answer of the server takes.
const LATENCY: Duration = Duration::from_millis(15);

/// What ends a run, with the pauses before each, in milliseconds.
const ENDS: [&[(Signal, u64)]; 5] = [
    &[(Signal::TERM, 0)],
    &[(Signal::INT, 0)],
    &[(Signal::TERM, 0), (Signal::HUP, 0)],
    &[(Signal::HUP, 0), (Signal::TERM, 10), (Signal::INT, 10)],
    &[(Signal::TERM, 0), (Signal::TERM, 40)],
];

fn program<'s>(sandbox: &'s Sandbox, options: &[&str], with_command: bool) -> Program<'s> {
    let program = oidc_exchange(["vault", "--role", VAULT_ROLE, "A=secret/production/db#username"]).args(options);
    let program = if with_command { program.args(["--export-token", "--", "sleep", "0.05"]) } else { program };
    program.job(sandbox).hands_over()
}

#[test]
fn no_token_is_left_by_a_run_that_is_ended() {
    let runs = std::env::var("OIDC_EXCHANGE_ENDED_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    let counts = std::thread::scope(|scope| {
        let some: Vec<_> = (0..AT_ONCE).map(|seed| scope.spawn(move || end_some(runs / AT_ONCE, seed))).collect();
        some.into_iter().map(|some| some.join().unwrap()).collect::<Vec<_>>()
    });
    let (given, left): (usize, usize) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    // Some runs end before the login, and some after COMMAND.
    assert!(left == 0 && given > runs / 4, "{runs} runs: {given} tokens were given, {left} are left");
    eprintln!("{runs} runs: {given} tokens were given, and are revoked");
}

/// The number of tokens that the server issued, and of those that are still valid.
fn end_some(runs: usize, seed: usize) -> (usize, usize) {
    let mut rng = Rng::with_seed(seed as u64);
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.always(Fault::Delay(LATENCY));
    let whole = program(&sandbox, &[], true).run();
    whole.exits(0);
    let longest = u64::try_from(whole.took.as_micros()).unwrap();
    for _ in 0..runs {
        let (moment, with_command) = (Duration::from_micros(rng.u64(..longest)), rng.bool());
        if rng.u8(..4) == 0 {
            let bound = format!("{}us", moment.as_micros().max(1));
            let _ = program(&sandbox, &["--timeout", &bound], with_command).run();
            continue;
        }
        let running = program(&sandbox, &[], with_command).spawn();
        std::thread::sleep(moment);
        for (signal, pause) in ENDS[rng.usize(..ENDS.len())] {
            std::thread::sleep(Duration::from_millis(*pause));
            running.signal(*signal);
        }
        let _ = running.wait();
    }
    let issued = sandbox.vault.issued();
    (issued.len(), issued.iter().filter(|token| sandbox.vault.is_good(token)).count())
}
