//! Tests of the built program, in a clean environment, with servers on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails is a test that fails")]
#![allow(clippy::print_stderr, reason = "what was skipped is said")]
#![allow(clippy::disallowed_methods, reason = "a test makes the files that the program reads")]

mod aws;
mod azure;
mod brief;
mod claims;
mod clouds;
mod delivery;
mod docs;
mod faults;
mod google;
mod habits;
mod hostile;
mod inputs;
mod json;
mod json_suite;
mod kubernetes;
mod manual;
mod memory;
mod mistakes;
mod network;
mod pasted;
mod refused;
mod registry;
mod repeated;
mod setup;
mod shell;
mod stop;
mod subject;
mod support;
mod targets;
mod token;
mod vault;
