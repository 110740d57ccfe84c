//! Tests of `vault` in a job.

mod action;
mod clean;
mod connections;
mod database;
mod ended;
mod explain;
mod explained;
mod guide;
mod habits;
mod interrupted;
mod leases;
mod login;
mod odd;
mod output;
mod reads;
mod refused_reads;
mod server;
mod settings;
mod setup;
mod unreadable;
mod waits;
mod world;

pub(crate) use world::World;
