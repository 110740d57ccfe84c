//! No core file of this process: it would hold the token, in the working directory or with whoever collects such files.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The caller's own limit.
static CALLERS: OnceLock<Rlimit> = OnceLock::new();

/// Limits a core file of this process to one byte, which is none: Linux writes none that is smaller than a page, and starts no
/// program of `core_pattern` at exactly that limit, where it starts one at 0 (core(5)).
///
/// On Linux there is no core at all of this process then, wherever `core_pattern` leads and whatever the limits are
/// (`PR_SET_DUMPABLE`, prctl(2)), and no other process of the user can read its memory. `exec` takes that back.
pub fn forbid() {
    #[cfg(target_os = "linux")]
    {
        // A system that refuses has the limit.
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_forbidden_again_after_a_command_that_did_not_start() {
        forbid();
        allow();
        forbid();
        #[cfg(target_os = "linux")]
        assert_eq!(rustix::process::dumpable_behavior().unwrap(), rustix::process::DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core).current;
        assert!(limit.is_some_and(|limit| limit <= 1), "{limit:?}");
        allow();
    }
}
