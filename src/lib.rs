//! `oidc-exchange`: exchanges a CI job's OpenID Connect token for short-lived cloud credentials.
//!
//! ```text
//! argv + env ──cli──▶ plan            checked, defaults filled in; nothing sent
//! plan.source ──subject──▶ SubjectToken
//! Target + SubjectToken ──exchange──▶ Grant            aws │ google │ azure │ vault, through http, the one client
//! Grant ──exchange──▶ Exports { set, unset } │ a protocol answer; and Leftovers
//! Exports ──emit::render──▶ bytes
//! bytes ──delivery──▶ standard output │ a private file │ a command's environment; undone afterwards
//! ```
//!
//! [`run::run`] has these steps in this order. ARCHITECTURE.md explains the design.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "a test makes the files that it reads"))]

pub mod aws;
pub mod azure;
pub mod cache;
pub mod clean;
pub mod cli;
pub mod cloud;
pub mod clouds;
pub mod command_hints;
pub mod core_file;
pub mod credential_helper;
pub mod delivery;
pub mod diagnostic;
pub mod document;
pub mod edited_file;
pub mod emit;
pub mod error;
pub mod exchange;
pub mod explanation;
pub mod google;
pub mod host;
pub mod http;
pub mod input;
pub mod json;
pub mod plan;
pub mod recipe;
pub mod registry;
pub mod run;
pub mod secret;
pub mod shell;
pub mod signal;
pub mod stack;
pub mod state;
pub mod stdio;
pub mod subject;
pub mod text;
pub mod token;
pub mod vault;
