//! The entry point: passes the arguments and the environment to the library, and returns its exit status.

use std::process::ExitCode;

use oidc_exchange::host::Host;
use oidc_exchange::{run, stack};

fn main() -> ExitCode {
    stack::with_room(|| run::run(std::env::args_os().collect(), &Host::real()))
}
