//! Yes, no and cannot tell: Kleene's logic, in which what cannot be told counts only where it could matter.

use crate::judgement::Mark;

/// Whether all hold.
pub(super) fn all(marks: &[Mark]) -> Mark {
    strongest(marks, Mark::Fails, Mark::Holds)
}

/// Whether any holds.
pub(super) fn any(marks: &[Mark]) -> Mark {
    strongest(marks, Mark::Holds, Mark::Fails)
}

fn strongest(marks: &[Mark], decides: Mark, otherwise: Mark) -> Mark {
    [decides, Mark::Unknown].into_iter().find(|mark| marks.contains(mark)).unwrap_or(otherwise)
}

/// The opposite.
pub(super) fn not(mark: Mark) -> Mark {
    match mark {
        Mark::Holds => Mark::Fails,
        Mark::Fails => Mark::Holds,
        Mark::Unknown => Mark::Unknown,
    }
}

/// Whether it is so, for what can be told.
pub(super) fn known(holds: bool) -> Mark {
    if holds { Mark::Holds } else { Mark::Fails }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_counts_where_it_could_matter() {
        use Mark::{Fails, Holds, Unknown};
        assert_eq!((all(&[]), any(&[])), (Holds, Fails));
        assert_eq!((all(&[Holds, Unknown]), all(&[Unknown, Fails])), (Unknown, Fails));
        assert_eq!((any(&[Fails, Unknown]), any(&[Unknown, Holds])), (Unknown, Holds));
        assert_eq!((not(Holds), not(Fails), not(Unknown)), (Fails, Holds, Unknown));
    }
}
