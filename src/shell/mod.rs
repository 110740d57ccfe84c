//! Shell syntax: variable names, quoted words, and commands that stop a caller.

pub mod either;
pub mod fish;
mod name;
pub mod posix;
pub mod steering;

pub use name::Name;
