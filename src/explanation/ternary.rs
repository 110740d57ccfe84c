//! Yes, no and cannot tell: Kleene's logic, in which what cannot be told counts only where it could matter.

use super::Mark;

/// Marks to come, one function's for all: a copy for each closure would be most of the evaluator.
pub type Marks<'m> = &'m mut dyn Iterator<Item = Mark>;

/// Whether all hold.
#[must_use]
pub fn all(marks: Marks<'_>) -> Mark {
    strongest(marks, Mark::Fails, Mark::Holds)
}

/// Whether any holds.
#[must_use]
pub fn any(marks: Marks<'_>) -> Mark {
    strongest(marks, Mark::Holds, Mark::Fails)
}

fn strongest(marks: Marks<'_>, decides: Mark, otherwise: Mark) -> Mark {
    let mut strongest = otherwise;
    for mark in marks {
        if mark == decides {
            return mark;
        }
        if mark == Mark::Unknown {
            strongest = mark;
        }
    }
    strongest
}

/// The opposite.
#[must_use]
pub fn not(mark: Mark) -> Mark {
    match mark {
        Mark::Holds => Mark::Fails,
        Mark::Fails => Mark::Holds,
        Mark::Unknown => Mark::Unknown,
    }
}

/// Whether it is so, for what can be told.
#[must_use]
pub fn known(holds: bool) -> Mark {
    if holds { Mark::Holds } else { Mark::Fails }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_counts_where_it_could_matter() {
        use Mark::{Fails, Holds, Unknown};
        for (marks, of_all, of_any) in [
            (&[][..], Holds, Fails),
            (&[Holds, Unknown], Unknown, Holds),
            (&[Unknown, Fails], Fails, Unknown),
            (&[Fails, Unknown, Holds], Fails, Holds),
            (&[Unknown], Unknown, Unknown),
        ] {
            assert_eq!(
                (all(&mut marks.iter().copied()), any(&mut marks.iter().copied())),
                (of_all, of_any),
                "{marks:?}"
            );
        }
        assert_eq!((not(Holds), not(Fails), not(Unknown)), (Fails, Holds, Unknown));
    }
}
