//! The variables as POSIX shell text.

use super::Exports;
use crate::error::Exit;
use crate::shell::posix::{Codes, assign, assign_in_file};

/// What a text that stops its caller ends it with.
pub(super) const CODES: Codes = Codes { unquoted: Exit::Usage.code(), not_kept: Exit::Output.code() };

/// The variables, exported; what would beat them is removed. A caller that would get other values is stopped.
pub(super) fn lines(exports: &Exports) -> String {
    assign(exports.removed(), exports.variables(), CODES)
}

/// The same for a private file that is sourced. Nothing secret comes before `hush`.
pub(super) fn lines_in_file(exports: &Exports, hush: &str) -> String {
    assign_in_file(exports.removed(), exports.variables(), hush, CODES.not_kept)
}
