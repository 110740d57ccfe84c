//! The variables as POSIX shell text.

use super::Exports;
use crate::error::Exit;
use crate::shell::posix::{Codes, assign, assign_in_file};

/// The exit codes for a caller that must be stopped.
pub(super) const CODES: Codes = Codes { unquoted: Exit::Usage.code(), not_kept: Exit::Output.code() };

/// Exports the variables, and unsets those that would override them. Stops a caller that would get other values.
pub(super) fn lines(exports: &Exports) -> String {
    assign(exports.removed(), exports.variables(), CODES)
}

/// The same for a private file that is sourced. No secret comes before `hush`.
pub(super) fn lines_in_file(exports: &Exports, hush: &str) -> String {
    assign_in_file(exports.removed(), exports.variables(), hush, CODES.not_kept)
}
