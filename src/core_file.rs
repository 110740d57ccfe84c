//! Prevents core files of this process: a core file would contain the token.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that the caller had set.
static CALLERS: OnceLock<Rlimit> = OnceLock::new();

/// Limits a core file of this process to one byte, which prevents it: Linux writes no core file that is smaller than
/// a page. At exactly this limit it also starts no program of `core_pattern`; at 0 it would (core(5)).
///
/// On Linux, the process is also made non-dumpable (`PR_SET_DUMPABLE`, prctl(2)). Then there is no core file with any
/// limit or `core_pattern`, and no other process of the user can read its memory. `exec` reverts this.
pub fn forbid() {
    #[cfg(target_os = "linux")]
    {
        // If the system refuses this, the limit below remains.
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
    let callers = CALLERS.get_or_init(|| getrlimit(Resource::Core));
    let least = callers.maximum.map_or(1, |maximum| maximum.min(1));
    // If the system refuses this, its limit is lower.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(least), maximum: callers.maximum });
}

/// Restores the caller's limit for the program that is started next.
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
