//! State that the threads of a server share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks it. A panic elsewhere must not hide what it was: poisoned data is still read.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
