//! Tests of `aws` in a job.

pub(crate) mod chain;
mod docs;
mod endpoints;
mod evaluator;
mod explain;
mod fish;
mod formats;
mod guards;
mod hints;
mod ministack;
mod moto;
mod options;
mod process;
mod profile;
mod profile_owners;
mod profile_readers;
mod profile_values;
mod refreshable;
mod refusals;
mod rows;
mod seaweed;
mod setup;
mod usage;
mod wire;

use sandbox::DEPLOY_ROLE;

use crate::support::{Program, oidc_exchange};

/// `aws --role-arn …deploy`, with these additional arguments.
pub(crate) fn deploy<'s>(arguments: &[&str]) -> Program<'s> {
    oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).args(arguments)
}
