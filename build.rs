//! Links the debug build of the program at a fixed address.
//!
//! The tests run it tens of thousands of times. Without this, a run would first adjust a hundred thousand addresses, for
//! a third of its CPU time. Releases have another profile, and are position-independent.

#![allow(clippy::disallowed_methods, reason = "cargo's variables are a build script's arguments")]

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_static = env::var("CARGO_CFG_TARGET_FEATURE").is_ok_and(|found| found.contains("crt-static"));
    if is("PROFILE", "debug") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !is_static {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
