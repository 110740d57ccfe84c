//! What of the token is more, or other, than a cloud takes, whoever its rules let in.

use crate::clouds;
use crate::subject::SubjectToken;

/// A limit that the token breaks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// Whose.
    pub(super) cloud: &'static str,
    /// What breaks it, and what to do.
    pub(super) what: String,
}

/// The limits that the token breaks. Its times are told elsewhere.
pub(super) fn broken(token: &SubjectToken) -> Vec<Limit> {
    let all = clouds::ALL.iter().flat_map(|about| (about.limits)(token).into_iter().map(|what| (about.name, what)));
    all.map(|(cloud, what)| Limit { cloud, what }).collect()
}
