//! Tests of `azure` in a job.

mod az;
mod clients;
mod explain;
mod handout;
mod options;
mod refusals;
mod retries;
mod setup;

mod wire;

use oidc_exchange::azure;
use sandbox::{CLIENT, Sandbox, TENANT};

use crate::support::{Program, oidc_exchange, stop};

/// As the application that branch `main` may act as.
fn deploy<'s>(sandbox: &'s Sandbox, more: &[&str]) -> Program<'s> {
    oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT]).args(more).job(sandbox)
}

/// What `azure` prints when there are no credentials.
pub(crate) fn stopped(code: u8) -> String {
    format!("{}{}", oidc_exchange::shell::posix::unset(&azure::exports::credential_names()), stop(code))
}
