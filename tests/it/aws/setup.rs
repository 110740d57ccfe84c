//! `setup aws`.
