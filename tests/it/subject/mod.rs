//! The subject token: its sources, and texts that are not tokens.

mod absent;
mod malformed;
mod misplaced;
mod other_jobs;
mod places;
