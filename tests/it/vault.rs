//! `vault` in a job.

mod clean;
mod database;
mod guide;
mod interrupted;
mod leases;
mod login;
mod output;
mod reads;
mod refused_reads;
mod server;
mod settings;
mod waits;
mod world;

pub(crate) use world::World;
