//! A fake network for tests, with prepared answers; see also [`crate::host::Host::fake`].

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::{Failure, Response};

/// The remaining answers, in order.
pub(super) struct Answers(Mutex<VecDeque<Response>>);

impl Answers {
    pub(super) fn new(answers: impl IntoIterator<Item = Response>) -> Self {
        Self(Mutex::new(answers.into_iter().collect()))
    }

    pub(super) fn next(&self) -> Result<Response, Failure> {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.ok_or_else(|| Failure::Setup { why: "no further answer was prepared".into() })
    }
}

/// An answer may contain a secret.
impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}
