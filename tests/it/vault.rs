//! `vault` in a job.

mod explain;
mod explained;
mod guide;
mod leases;
mod login;
mod output;
mod reads;
mod refused_reads;
mod server;
mod settings;
mod setup;
mod world;

pub(crate) use world::World;
