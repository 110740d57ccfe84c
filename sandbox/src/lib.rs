//! Clouds on loopback: an issuer like Semaphore's, and the services that exchange its tokens.
//!
//! Each service is a real HTTP server on `127.0.0.1`, on its own thread, which stops on drop. It has the checks of
//! the real service, and faults can be injected. All services dereference to [`server::Server`], which records
//! requests and accepts [`Fault`]s.
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

#[cfg(not(any(feature = "cel", feature = "program")))]
compile_error!("the rules of Google's providers need the feature `program`, which is a default, or the feature `cel`");

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
