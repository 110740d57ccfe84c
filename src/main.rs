//! The program's entry: the arguments and the machine in, an exit status out.

use std::process::ExitCode;

use oidc_exchange::host::Host;

fn main() -> ExitCode {
    oidc_exchange::run::run(std::env::args_os().collect(), &Host::real())
}
