//! Tests of network failures.

mod addresses;
mod broken;
mod certificates;
pub(crate) mod names;
mod proxies;
mod proxy_addresses;
mod proxy_faults;
mod retry;
mod tls;

use expect_test::Expect;
use sandbox::{Fault, Sandbox};

use crate::aws::deploy;
use crate::support::{Output, Program, stopped};

/// The service fails once, and the call is retried.
#[track_caller]
fn healed(fault: Fault, message: Expect) -> Output {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([fault]);
    let output = deploy(&[]).job(&sandbox).run();
    output.exits(0).stderr_is(message);
    assert_eq!(sandbox.aws.requests().len(), 2);
    output
}

/// It could not be reached, and the call is not retried.
#[track_caller]
fn given_up_at_once(fault: Fault, message: Expect) {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([fault]);
    unreachable(deploy(&[]).job(&sandbox), message);
    assert_eq!(sandbox.aws.requests().len(), 1);
}

#[track_caller]
fn unreachable(program: Program<'_>, message: Expect) -> Output {
    let output = program.run();
    output.exits(5).stdout_is(&stopped(5)).stderr_is(message);
    output
}
