//! Runs the program on a stack that is large enough, for any limit of the caller.

use std::process::ExitCode;
use std::thread;

use rustix::process::{Resource, getrlimit};

/// The smallest limit with which the main thread is used. A debug build uses less than a quarter of it.
const ENOUGH: u64 = 4 << 20;

/// Calls `run` and returns its exit code.
///
/// With a stack limit under 4 MiB (`ulimit -s 64`), `run` is called on a thread of its own. The size of such a thread's
/// stack does not depend on the limit (`pthread_attr_setstacksize(3)`). Without it, the stack would overflow, and the
/// process would abort without the text that stops the caller. If the system refuses a thread, the main thread is used.
pub fn with_room(run: fn() -> ExitCode) -> ExitCode {
    if getrlimit(Resource::Stack).current.is_none_or(|limit| limit >= ENOUGH) {
        return run();
    }
    let size = usize::try_from(ENOUGH).unwrap_or(usize::MAX);
    match thread::Builder::new().stack_size(size).spawn(run) {
        // A panic has been reported by its hook.
        Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
        Err(_) => run(),
    }
}
