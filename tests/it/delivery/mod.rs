//! The destination of the result, and what remains there.

mod clean;
mod command;
mod directory;
mod exported;
mod file;
mod killed;
mod mounted;
mod parents;
mod reader;
mod replaced;
mod spoilt;
mod terminal;
