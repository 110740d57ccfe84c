//! No core file of this process: it would hold the token, in the working directory or with whoever collects such files.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The caller's own limit.
static CALLERS: OnceLock<Rlimit> = OnceLock::new();

/// Limits a core file of this process to one byte, which is none: Linux writes none that is smaller than a page, and starts no
/// program of `core_pattern` at exactly that limit, where it starts one at 0 (core(5)).
pub fn forbid() {
    let callers = CALLERS.get_or_init(|| getrlimit(Resource::Core));
    let least = callers.maximum.map_or(1, |maximum| maximum.min(1));
    // A system that refuses has a lower limit.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(least), maximum: callers.maximum });
}

/// Gives the caller's own limit back, for what is started next.
pub fn allow() {
    if let Some(callers) = CALLERS.get() {
        let _ = setrlimit(Resource::Core, *callers);
    }
}
