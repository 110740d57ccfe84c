//! Limits of the clouds that the token exceeds, independently of their rules.

use crate::clouds;
use crate::subject::SubjectToken;

/// A limit that the token exceeds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// The cloud.
    pub(super) cloud: &'static str,
    /// What exceeds it, and a hint.
    pub(super) what: String,
}

/// The limits that the token exceeds. Its times are checked elsewhere.
pub(super) fn broken(token: &SubjectToken) -> Vec<Limit> {
    let all = clouds::ALL.iter().flat_map(|about| (about.limits)(token).into_iter().map(|what| (about.name, what)));
    all.map(|(cloud, what)| Limit { cloud, what }).collect()
}
