//! The subject token: where it may come from, and what is no token.

mod absent;
mod malformed;
mod misplaced;
mod other_jobs;
mod places;
