//! The names of variables that several results set and unset, and conflicts between them.

use std::collections::HashMap;

use super::Exports;
use crate::shell::Name;

/// The variables that a result sets and unsets.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The variables that it sets, or may set.
    pub set: Vec<Name>,
    /// The variables that it unsets.
    pub removed: Vec<Name>,
}

/// A variable that one result sets, and another one sets or unsets. Results are identified by their index.
#[derive(Debug, PartialEq, Eq)]
pub struct Clash {
    /// The variable.
    pub name: Name,
    /// The first of the two.
    pub one: usize,
    /// The second.
    pub other: usize,
}

impl From<&Exports> for Names {
    fn from(exports: &Exports) -> Self {
        Self { set: exports.variables().map(|(name, _)| name.clone()).collect(), removed: exports.removed().to_vec() }
    }
}

impl Names {
    /// The first conflict of each pair in `all`.
    ///
    /// ```
    /// use oidc_exchange::emit::{Clash, Names};
    /// use oidc_exchange::shell::Name;
    ///
    /// let set = |name| Names { set: vec![Name::fixed(name)], removed: Vec::new() };
    /// let clash = Clash { name: Name::fixed("A"), one: 0, other: 2 };
    /// assert_eq!(Names::clashes(&[&set("A"), &set("B"), &set("A")]), [clash]);
    /// ```
    #[must_use]
    pub fn clashes(all: &[&Self]) -> Vec<Clash> {
        let mut set: HashMap<&Name, usize> = HashMap::new();
        let mut removed: HashMap<&Name, Vec<usize>> = HashMap::new();
        let mut clashes: Vec<Clash> = Vec::new();
        let mut note = |name: &Name, one: usize, other: usize| {
            if one != other && !clashes.iter().any(|known| (known.one, known.other) == (one, other)) {
                clashes.push(Clash { name: name.clone(), one, other });
            }
        };
        for (index, names) in all.iter().enumerate() {
            for name in &names.set {
                if let Some(one) = set.get(name) {
                    note(name, *one, index);
                }
                for one in removed.get(name).into_iter().flatten() {
                    note(name, *one, index);
                }
                set.entry(name).or_insert(index);
            }
            for name in &names.removed {
                if let Some(one) = set.get(name) {
                    note(name, *one, index);
                }
                removed.entry(name).or_default().push(index);
            }
        }
        clashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(set: &[&'static str], removed: &[&'static str]) -> Names {
        let all = |names: &[&'static str]| names.iter().map(|name| Name::fixed(name)).collect();
        Names { set: all(set), removed: all(removed) }
    }

    fn clashes(all: &[&Names]) -> Vec<String> {
        Names::clashes(all).iter().map(|it| format!("{} {} {}", it.name, it.one, it.other)).collect()
    }

    #[test]
    fn what_one_sets_another_neither_sets_nor_removes() {
        let (a, b) = (names(&["A", "X"], &["C", "X"]), names(&["B"], &["C"]));
        assert!(clashes(&[&a, &b]).is_empty(), "one may remove what it sets, and two the same");
        assert_eq!(clashes(&[&a, &names(&["C"], &[])]), ["C 0 1"]);
        assert_eq!(clashes(&[&a, &names(&[], &["A"])]), ["A 0 1"]);
        assert_eq!(clashes(&[&a, &b, &names(&["B", "A"], &[])]), ["B 1 2", "A 0 2"]);
        assert_eq!(clashes(&[&a, &names(&["A", "X"], &[])]), ["A 0 1"], "one for each two");
    }
}
