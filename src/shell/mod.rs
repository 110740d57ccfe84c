//! What shells take: names of variables, quoted words, and the commands that end a caller.

pub mod either;
pub mod fish;
mod name;
pub mod posix;
pub mod steering;

pub use name::Name;
