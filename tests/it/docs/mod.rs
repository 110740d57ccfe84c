//! Tests of README.md and docs/: everything that can be run is run, and the tables are compared with the program.

mod agent;
mod allowed;
mod blocks;
mod command_lines;
mod failing;
mod flow;
mod getting_started;
mod guides;
mod heat;
mod install;
mod kubernetes;
mod links;
mod moving;
mod other_ci;
mod pictures;
mod pipelines;
mod readme;
mod registries;
mod repository;
mod semaphore;
mod shells;
mod targets;
mod threats;
mod troubleshooting;
mod voice;
mod written;
