//! The inputs of every cloud's exchange, and the description of a cloud.

mod about;
mod access_token;
mod arguments;
mod exec_credential;
mod given;
mod token_fault;

pub use about::About;
pub use access_token::{AccessToken, Granted, still_valid, token_of, unreadable, until};
pub use arguments::Arguments;
pub use exec_credential::{ExecVersion, LEAST_LIFE, exec_credential};
pub use given::Given;
pub use token_fault::{Reaction, TokenFault};
