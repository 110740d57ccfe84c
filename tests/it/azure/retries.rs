//! Temporary errors are retried; requested waits are made; refusals are not retried.

use std::time::Duration;

use sandbox::{CLIENT, Fault, Outage, Sandbox, TENANT};
use serde_json::json;

use super::{deploy, stopped};
use crate::support::expect;

/// Entra's error with this number.
pub(super) fn error(status: u16, code: &str, number: u64, words: &str) -> Fault {
    let body = json!({
        "error": code,
        "error_description": format!("AADSTS{number}: {words} Trace ID: t Correlation ID: c Timestamp: now"),
        "error_codes": [number],
        "timestamp": "2026-01-09 02:02:12Z",
        "trace_id": "255d1aef-8c98-452f-ac51-23d051240864",
    });
    Fault::Status { status, headers: Vec::new(), body: body.to_string() }
}

fn transient() -> Vec<Fault> {
    let status = |status, body: &str| Fault::Status { status, headers: Vec::new(), body: body.into() };
    let numbers = [50000, 90006, 90012, 90024, 90033, 90055, 90090, 90091, 90061, 50166, 501_661, 900_612];
    let mut faults: Vec<Fault> =
        numbers.into_iter().map(|number| error(400, "invalid_request", number, "Try again.")).collect();
    faults.extend([
        status(400, r#"{"error":"temporarily_unavailable"}"#),
        status(429, r#"{"error":"invalid_request","error_description":"Too many."}"#),
        status(500, "<html>"),
        status(502, "<html>Bad gateway</html>"),
        status(503, ""),
        status(504, ""),
        Fault::status(408),
        Fault::ResetBeforeHeaders,
        Fault::ResetInBody,
        Fault::TruncatedBody,
    ]);
    faults
}

#[test]
fn what_passes_is_retried() {
    let sandbox = Sandbox::start().unwrap();
    std::thread::scope(|scope| {
        for fault in transient() {
            scope.spawn(move || {
                let sandbox = Sandbox::start().unwrap();
                sandbox.azure.script([fault.clone()]);
                let output = deploy(&sandbox, &[]).run();
                output.exits(0);
                assert!(output.stderr().contains("; trying again for up to "), "{fault:?}: {}", output.describe());
                assert_eq!(sandbox.azure.requests().len(), 2, "{fault:?}");
            });
        }
    });
    drop(sandbox);
}

#[test]
fn an_issuer_whose_keys_come_back_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.issuer.set_outage(Outage::Unreachable);
    let running = deploy(&sandbox, &[]).spawn();
    assert!(sandbox.azure.await_requests(2, Duration::from_secs(20)));
    sandbox.issuer.set_outage(None);
    running.wait().exits(0);
}

#[test]
fn an_outage_is_told_with_what_was_tried() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.azure.outage_for(Duration::from_mins(1));
    let output = deploy(&sandbox, &["--timeout", "5s"]).run();
    output.exits(5).stdout_is(&stopped(5)).stderr_is(expect![[r#"
        warning: Microsoft Entra: AADSTS90033: A transient error has occurred…; trying again for up to T s
        error: Microsoft Entra could not be reached or kept failing
          said       AADSTS90033: A transient error has occurred. …
          tried      N attempts in T s

        hint: the service itself failed; its state is on https://azure.status.microsoft
    "#]]);
}

#[test]
fn a_new_credential_is_waited_for_if_that_was_asked_for() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = sandbox.issuer.url();
    sandbox.azure.create_application(TENANT, CLIENT);
    let running = deploy(&sandbox, &["--wait-for-iam", "60s"]).spawn();
    assert!(sandbox.azure.await_requests(2, Duration::from_secs(20)));
    sandbox.azure.add_credential(TENANT, CLIENT, &issuer, &sandbox::Job::branch("main").subject(), &issuer);
    running.wait().exits(0);
}

/// Neither without the option nor for a refusal that no wait can change.
#[test]
fn a_refusal_is_not_repeated() {
    let refusals = |numbers: &[u64], options: &[&str]| {
        for number in numbers {
            let sandbox = Sandbox::start().unwrap();
            sandbox.azure.always(error(400, "invalid_client", *number, "No."));
            let output = deploy(&sandbox, options).run();
            output.exits(4).stdout_is(&stopped(4));
            assert_eq!(sandbox.azure.requests().len(), 1, "{number}");
        }
    };
    refusals(&[70_025, 70_021, 700_211, 700_213], &[]);
    refusals(
        &[
            700_016, 7_000_112, 90_002, 90_038, 700_212, 7_002_138, 700_222, 700_223, 700_024, 700_027, 500_011,
            70_011, 53_003, 123_456,
        ],
        &["--wait-for-iam", "60s"],
    );
}

#[test]
fn a_wait_ends_with_the_refusal() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.azure.create_application(TENANT, CLIENT);
    let output = deploy(&sandbox, &["--wait-for-iam", "2s"]).run();
    output.exits(4).stdout_is(&stopped(4));
    assert!(output.stderr().contains("; still so after "), "{}", output.describe());
}
