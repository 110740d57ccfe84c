//! The rooms, seen from outside by a client that sees every byte.

#![allow(clippy::disallowed_methods, reason = "a test makes the files that the program reads")]
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod azure;
mod binary;
mod chain;
mod faults;
mod google;
mod issuer;
mod raw;
mod sts;
mod tls;
mod vault;
