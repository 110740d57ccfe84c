//! The rooms, seen from outside by a client that sees every byte.

mod binary;
mod faults;
mod issuer;
mod raw;
mod sts;
mod tls;
