//! Shared by all tests: programs in a clean environment, a leak detector, real peers, real shells.
//!
//! ```text
//! let sandbox = Sandbox::start().unwrap();
//! oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).job(&sandbox).run().exits(0).stderr_is(expect![[""]]);
//! ```
//!
//! Every run has a timeout, and its output is searched for secrets.
//!
//! `UPDATE_EXPECT=1 cargo test` writes the actual output into every `expect!` that differs. Read the diff before you
//! commit it. An `expect!` in a loop is not updated correctly: edit it by hand.

mod debug_text;
mod dispositions;
mod lookup;
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
