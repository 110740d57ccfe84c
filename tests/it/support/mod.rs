//! What tests stand on: programs in a scrubbed environment, a detector of leaks, real peers, real shells.
//!
//! ```text
//! let sandbox = Sandbox::start().unwrap();
//! oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).job(&sandbox).run().exits(0).stderr_is(expect![[""]]);
//! ```
//!
//! Every run is bounded in time, and searched for the secrets that it could have leaked.
//!
//! `UPDATE_EXPECT=1 cargo test` writes what was seen into the `expect!` that saw something else: read it before it is
//! kept. One that is in a loop is not written back well: write it by hand.

mod debug_text;
mod dispositions;
pub(crate) mod output;
pub(crate) mod peers;
pub(crate) mod program;
pub(crate) mod recorder;
pub(crate) mod relay;
pub(crate) mod running;
pub(crate) mod scratch;
pub(crate) mod secrets;
pub(crate) mod shells;
pub(crate) mod socks;
pub(crate) mod strace;
pub(crate) mod terminal;
mod tests;

pub(crate) use expect_test::expect;
pub(crate) use output::{Output, exported, stop, stopped, stopped_in_any_shell};
pub(crate) use program::{Program, oidc_exchange};
pub(crate) use scratch::Scratch;
