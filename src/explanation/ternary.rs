//! Three-valued logic (Kleene): yes, no, and unknown. An unknown value matters only if it can change the result.

use super::Mark;

/// An iterator as a trait object: with a generic function, each closure would add a copy to the binary.
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

/// The negation.
#[must_use]
pub fn not(mark: Mark) -> Mark {
    match mark {
        Mark::Holds => Mark::Fails,
        Mark::Fails => Mark::Holds,
        Mark::Unknown => Mark::Unknown,
    }
}

/// The mark of a known value.
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
