//! `aws` in a job.

mod endpoints;
mod formats;
mod moto;
mod options;
mod refusals;
mod usage;
mod wire;

use sandbox::DEPLOY_ROLE;

use crate::support::{Program, oidc_exchange};

/// `aws --role-arn …deploy`, with these further arguments.
pub(crate) fn deploy<'s>(arguments: &[&str]) -> Program<'s> {
    oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).args(arguments)
}
