//! Where the result goes, and what is left there.

mod clean;
mod command;
mod directory;
mod file;
mod replaced;
mod terminal;
