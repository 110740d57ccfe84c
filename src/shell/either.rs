//! Text for a caller with an unknown shell: a POSIX shell and fish read each other's part as one word.

use super::{Name, fish, posix};

/// Succeeds only in fish, where `string` is a builtin.
const IN_FISH: &str = "string length -q x 2>/dev/null";

/// Lines that unset variables and stop the caller with `code`, like [`posix::stop`] and [`fish::stop`].
#[must_use]
pub fn stop(names: &[Name], code: u8) -> String {
    let fish = one_line(&format!("{}{}", fish::unset(names), fish::stop(code)));
    let posix = one_line(&format!("{}{}", posix::unset(names), posix::stop(code)));
    format!("{IN_FISH} && eval '{fish}';\neval '{posix}';\n")
}

/// Lines that unset variables and return the status `code`.
#[must_use]
pub fn status(names: &[Name], code: u8) -> String {
    let (fish, posix) = (one_line(&fish::unset(names)), one_line(&posix::unset(names)));
    format!("{IN_FISH} && eval '{fish}';\n{IN_FISH} || eval '{posix}';\nsh -c 'exit {code}'\n")
}

fn one_line(lines: &str) -> String {
    debug_assert!(!lines.contains(['\'', '\\']));
    lines.trim_end().replace('\n', " ")
}
