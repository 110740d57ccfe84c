//! Limits the memory for the answers of a run. A server can send any amount, and JSON can need a hundred times its
//! length as values. Both are counted, in one budget for all answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A budget in bytes. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// A share of a budget. It is returned on drop.
#[derive(Debug)]
pub struct Held {
    budget: Budget,
    bytes: usize,
}

/// The budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Budget {
    /// A budget of `bytes`.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// An empty share, which can grow.
    pub(super) fn hold(&self) -> Held {
        Held { budget: self.clone(), bytes: 0 }
    }
}

impl Held {
    /// Another empty share of the same budget.
    #[must_use]
    pub fn beside(&self) -> Self {
        self.budget.hold()
    }

    /// The number of bytes left for all shares.
    #[must_use]
    pub fn room(&self) -> usize {
        self.budget.0.load(Ordering::Relaxed)
    }

    /// Adds `bytes` to the share.
    ///
    /// # Errors
    /// If fewer are left. The share is unchanged then.
    pub fn add(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let left = &self.budget.0;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes))
            .map_err(|_| Exhausted)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Keeps the share until the run ends.
    pub fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_back_and_what_is_kept_does_not() {
        let budget = Budget::new(10);
        let mut held = budget.hold();
        assert_eq!((held.add(8), held.add(3), held.room()), (Ok(()), Err(Exhausted), 2));
        assert_eq!(held.beside().add(3), Err(Exhausted));
        drop(held);
        let mut kept = budget.hold();
        assert_eq!((kept.add(9), kept.room()), (Ok(()), 1));
        kept.keep();
        assert_eq!(budget.hold().room(), 1);
    }
}
