//! State that threads of a server share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks it. After a panic of another thread, the data is still returned. So the first panic is reported.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
