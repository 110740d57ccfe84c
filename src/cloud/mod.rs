//! What every cloud's exchange is given.

mod given;

pub use given::Given;
