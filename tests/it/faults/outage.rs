//! An issuer that is down for 90 seconds, as each cloud reports it: the default `--timeout` is longer.

use std::time::{Duration, Instant};

use sandbox::{Outage, Sandbox};

use super::steps::Step;
use crate::support::Program;

const OUTAGE: Duration = Duration::from_secs(90);

/// The pauses grow to five seconds, and more on a busy machine. The timeout is two minutes.
const AFTER: Duration = Duration::from_secs(20);

#[test]
fn of_ninety_seconds() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.issuer.set_outage(Outage::Unreachable);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let runs = [
            (Step::Token, "InvalidIdentityToken: Couldn't retrieve verif"),
            (Step::Sts, "invalid_grant: Error connecting to the given"),
            (Step::Assertion, "AADSTS90061: Request to External OIDC endp"),
            (Step::Login, "400 fetching keys oidc: get keys failed"),
        ];
        for (step, words) in runs {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let script = format!("eval \"$({})\"; echo reached", step.command(false));
                let before = started.elapsed();
                let output = Program::new("/bin/sh", ["-c", &script]).job(sandbox).patient(OUTAGE * 2).run();
                output.exits(0).stdout_is("reached\n");
                // The run begins a moment after the outage, and still lasts longer.
                let outlived = before + output.took;
                assert!(outlived >= OUTAGE && outlived < OUTAGE + AFTER, "{before:?} and {:?}", output.took);
                assert!(output.stderr().contains(words), "{}", output.describe());
                assert_eq!(output.stderr().lines().count(), 1, "it is said once: {}", output.describe());
                let asked = step.requests(sandbox);
                assert!(asked > 10, "{asked} requests");
            });
        }
        std::thread::sleep(OUTAGE.saturating_sub(started.elapsed()));
        sandbox.issuer.set_outage(None);
    });
}
