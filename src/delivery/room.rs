//! Checks that a command can be started with the result in its environment.

use std::ffi::OsStr;

use super::Run;
use crate::emit::{Error, Exports};
use crate::host::Env;

/// For each string, the system also counts the pointer to it.
const POINTER: usize = size_of::<usize>();

/// The space that is left for the arguments of the shell's commands.
const FOR_ARGUMENTS: usize = 32 << 10;

/// The system always accepts this size, so it cannot be the reason if a command fails to start.
const ALWAYS: usize = 128 << 10;

/// The largest total size of a command's arguments and environment, in bytes.
///
/// Linux: a quarter of the stack limit, at least 128 KiB and at most 6 MiB (`bprm_stack_limits` in
/// <https://github.com/torvalds/linux/blob/master/fs/exec.c>).
#[cfg(not(target_os = "macos"))]
fn limit() -> usize {
    const MOST: usize = 6 << 20;
    let stack = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    let quarter = stack.and_then(|stack| usize::try_from(stack / 4).ok()).unwrap_or(MOST);
    quarter.clamp(ALWAYS, MOST)
}

/// macOS: `ARG_MAX`, which is fixed.
#[cfg(target_os = "macos")]
fn limit() -> usize {
    1 << 20
}

/// Checks that `exports` and the other variables of `env` leave enough space to start `run`, or commands of a shell.
///
/// # Errors
/// [`Error::TooLongTogether`].
pub(super) fn check(exports: &Exports, env: &Env, run: Option<&Run>) -> Result<(), Error> {
    let variable = |name: &OsStr, value: usize| name.len() + value + "=\0".len() + POINTER;
    let own: usize = exports.variables().map(|(name, value)| variable(name.as_str().as_ref(), value.len())).sum();
    if own <= ALWAYS {
        return Ok(());
    }
    let replaced = |name: &OsStr| {
        let mut names = exports.variables().map(|(name, _)| name).chain(exports.removed());
        names.any(|own| name == own.as_str())
    };
    let others = env.all().into_iter().filter(|(name, _)| !replaced(name));
    let others: usize = others.map(|(name, value)| variable(&name, value.len())).sum();
    let words = run.into_iter().flat_map(|run| std::iter::once(&run.program).chain(&run.arguments));
    let words: usize = words.map(|word| word.len() + "\0".len() + POINTER).sum();
    let limit = limit();
    match exports.variables().max_by_key(|(_, value)| value.len()) {
        Some((longest, _)) if own + others + words + FOR_ARGUMENTS > limit => {
            Err(Error::TooLongTogether { own, limit, longest: longest.clone(), by_file: exports.has_files() })
        }
        Some(_) | None => Ok(()),
    }
}
