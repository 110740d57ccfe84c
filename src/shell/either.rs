//! Text for a caller whose shell is not known: a POSIX shell and fish read each other's part as one word.

use super::{Name, fish, posix};

/// Succeeds in fish alone: `string` is a command of its own.
const IN_FISH: &str = "string length -q x 2>/dev/null";

/// Lines that remove variables and end the caller with `code`, as [`posix::stop`] and [`fish::stop`] do.
#[must_use]
pub fn stop(names: &[Name], code: u8) -> String {
    let fish = one_line(&format!("{}{}", fish::unset(names), fish::stop(code)));
    let posix = one_line(&format!("{}{}", posix::unset(names), posix::stop(code)));
    format!("{IN_FISH} && eval '{fish}';\neval '{posix}';\n")
}

/// Lines that remove variables and leave `code` as the status.
#[must_use]
pub fn status(names: &[Name], code: u8) -> String {
    let (fish, posix) = (one_line(&fish::unset(names)), one_line(&posix::unset(names)));
    format!("{IN_FISH} && eval '{fish}';\n{IN_FISH} || eval '{posix}';\nsh -c 'exit {code}'\n")
}

fn one_line(lines: &str) -> String {
    debug_assert!(!lines.contains(['\'', '\\']));
    lines.trim_end().replace('\n', " ")
}
