//! What every cloud's exchange is given, and what each cloud tells of itself.

mod about;
mod arguments;
mod given;
mod token_fault;

pub use about::About;
pub use arguments::Arguments;
pub use given::Given;
pub use token_fault::{Reaction, TokenFault};
