//! `aws` in a job.

mod moto;
