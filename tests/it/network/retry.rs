//! Temporary errors are retried until the timeout.

use std::time::{Duration, SystemTime};

use sandbox::{Fault, Outage, Sandbox};

use super::{healed, unreachable};
use crate::aws::deploy;
use crate::support::{expect, stopped};

const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider, please reference \
                      AssumeRoleWithWebIdentity documentation for requirements";

#[test]
fn keys_that_sts_could_not_get() {
    healed(
        Fault::aws_error(400, "InvalidIdentityToken", NO_KEY),
        expect![[r#"
            warning: AWS STS: InvalidIdentityToken: Couldn't retrieve verificatio…; trying again for up to T s
        "#]],
    );
}

#[test]
fn an_issuer_that_sts_could_not_reach() {
    healed(
        Fault::aws_error(400, "IDPCommunicationError", "Unable to reach the identity provider"),
        expect![[r#"
            warning: AWS STS: IDPCommunicationError: Unable to reach the identity…; trying again for up to T s
        "#]],
    );
}

#[test]
fn throttling_under_any_status() {
    healed(
        Fault::aws_error(400, "Throttling", "Rate exceeded"),
        expect![[r#"
        warning: AWS STS: Throttling: Rate exceeded; trying again for up to T s
    "#]],
    );
    healed(
        Fault::aws_error(429, "TooManyRequestsException", "Slow down"),
        expect![[r#"
        warning: AWS STS: TooManyRequestsException: Slow down; trying again for up to T s
    "#]],
    );
    healed(
        Fault::aws_error(503, "SlowDown", "Please reduce your request rate."),
        expect![[r#"
            warning: AWS STS: SlowDown: Please reduce your request rate; trying again for up to T s
        "#]],
    );
    healed(
        Fault::status(429),
        expect![[r#"
        warning: AWS STS: status 429, without an error code of STS; trying again for up to T s
    "#]],
    );
}

#[test]
fn a_server_that_failed() {
    healed(
        Fault::aws_error(500, "InternalFailure", "Internal failure"),
        expect![[r#"
        warning: AWS STS: InternalFailure: Internal failure; trying again for up to T s
    "#]],
    );
    healed(
        Fault::aws_error(503, "ServiceUnavailable", "Service Unavailable"),
        expect![[r#"
        warning: AWS STS: ServiceUnavailable: Service Unavailable; trying again for up to T s
    "#]],
    );
    healed(
        Fault::status(502),
        expect![[r#"
        warning: AWS STS: status 502, without an error code of STS; trying again for up to T s
    "#]],
    );
    healed(
        Fault::status(408),
        expect![[r#"
        warning: AWS STS: status 408, without an error code of STS; trying again for up to T s
    "#]],
    );
}

/// An outage of the issuer: the STS cannot fetch its keys until it is up again.
#[test]
fn an_issuer_that_comes_back() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.issuer.set_outage(Outage::Unreachable);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(sandbox.aws.await_requests(2, Duration::from_secs(20)));
            sandbox.issuer.set_outage(None);
        });
        deploy(&[]).job(&sandbox).run().exits(0);
    });
    assert!(sandbox.aws.requests().len() >= 2);
}

fn asking_for_a_pause(value: &str) -> Fault {
    Fault::Status { status: 429, headers: vec![("retry-after".into(), value.into())], body: String::new() }
}

#[test]
fn the_pause_that_the_server_asks_for() {
    let output = healed(
        asking_for_a_pause("1"),
        expect![[r#"
        warning: AWS STS: status 429, without an error code of STS; trying again for up to T s
    "#]],
    );
    assert!(output.took >= Duration::from_secs(1), "{:?}", output.took);
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let output = healed(
        asking_for_a_pause(&date),
        expect![[r#"
        warning: AWS STS: status 429, without an error code of STS; trying again for up to T s
    "#]],
    );
    assert!(output.took >= Duration::from_millis(900), "a date is in whole seconds: {:?}", output.took);
}

#[test]
fn a_pause_that_means_nothing() {
    for value in ["soon", "-5", "", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([asking_for_a_pause(value)]);
        let output = deploy(&[]).job(&sandbox).run();
        output.exits(0);
        assert!(output.took < Duration::from_secs(12), "{value}: {:?}", output.took);
    }
}

/// A wait that is longer than the timeout is not started.
#[test]
fn a_pause_longer_than_the_time() {
    for (value, pause) in [
        ("86400", "86400 s"),
        ("86401", "more than a day"),
        ("18446744073709551615", "more than a day"),
        ("99999999999999999999999999", "more than a day"),
    ] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([asking_for_a_pause(value)]);
        let output = deploy(&[]).job(&sandbox).run();
        output.exits(5).stdout_is(&stopped(5));
        let said = format!("the server asks for a pause of {pause}, which is more than --timeout leaves\n");
        assert!(output.stderr().contains(&said), "{}", output.stderr());
        assert!(output.took < Duration::from_secs(12), "{:?}", output.took);
        assert_eq!(sandbox.aws.requests().len(), 1);
    }
}

#[test]
fn until_the_time_is_up() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.always(Fault::aws_error(400, "Throttling", "Rate exceeded"));
    let program = deploy(&["-q", "--timeout", "2s"]).job(&sandbox);
    let output = unreachable(
        program,
        expect![[r#"
            error: AWS STS could not be reached or kept failing
              said       Throttling: Rate exceeded (request ID)
              tried      N attempts in T s

            hint: many jobs send requests at once: a longer --timeout gives this one more time
        "#]],
    );
    assert!(output.took >= Duration::from_secs(1) && output.took < Duration::from_secs(12), "{:?}", output.took);
    assert!(sandbox.aws.requests().len() >= 2);
}

#[test]
fn a_crowd_comes_through_a_throttle() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.throttle(10);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| deploy(&[]).job(&sandbox).run().exits(0).code);
        }
    });
    assert_eq!(sandbox.aws.issued().len(), 20);
}
