//! The entry point: passes the arguments and the environment to the library, and returns its exit status.

use std::process::ExitCode;

use oidc_exchange::host::Host;

fn main() -> ExitCode {
    oidc_exchange::run::run(std::env::args_os().collect(), &Host::real())
}
