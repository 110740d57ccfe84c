//! Loopback clouds: an issuer shaped as Semaphore's and the services that trade its tokens.
//!
//! Each room is a real HTTP server on `127.0.0.1`, on a thread of its own, gone when it is dropped. It verifies what
//! the real service verifies, and it can be told to misbehave. All rooms have the same furniture: they dereference to
//! [`server::Server`], which records requests and takes [`Fault`]s.
//!
//! ```no_run
//! use sandbox::{Fault, Job, Sandbox};
//!
//! let sandbox = Sandbox::start()?;
//! let token = sandbox.issuer.token(&Job::branch("main"));
//! sandbox.aws.script([Fault::aws_error(400, "Throttling", "Rate exceeded")]);
//! # drop(token);
//! # Ok::<(), std::io::Error>(())
//! ```

#![allow(clippy::disallowed_methods, reason = "it stands for services, which have files and clocks of their own")]

pub mod aws;
pub mod azure;
mod client;
mod clock;
mod fixtures;
pub mod google;
pub mod issuer;
mod jwt;
pub mod kubernetes;
mod random;
pub mod server;
mod sync;
pub mod vault;

pub use clock::now;
pub use fixtures::{
    ACCOUNT, CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, POOL, PROVIDER, REGISTRY, RELEASE_ACCOUNT, RELEASE_ROLE, Sandbox,
    TENANT, VAULT_PASSWORD, VAULT_ROLE, trust,
};
pub use issuer::{Curve, Issuer, Job, Outage};
pub use kubernetes::{ApiServer, Authenticator};
pub use server::{Fault, Request, Server, ServerTls, Tls};
