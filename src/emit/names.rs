//! The names of variables that several results set and unset, and conflicts between them.

use std::collections::{BTreeSet, HashMap, HashSet};

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

/// A variable that one result sets, and others set or unset. Results are identified by their index.
#[derive(Debug, PartialEq, Eq)]
pub struct Clash {
    /// The variable.
    pub name: Name,
    /// The results, at least two.
    pub of: Vec<usize>,
}

impl From<&Exports> for Names {
    fn from(exports: &Exports) -> Self {
        Self { set: exports.variables().map(|(name, _)| name.clone()).collect(), removed: exports.removed().to_vec() }
    }
}

impl Names {
    /// The conflicts in `all`. Results that conflict in several variables are listed once, with the first variable.
    ///
    /// ```
    /// use oidc_exchange::emit::{Clash, Names};
    /// use oidc_exchange::shell::Name;
    ///
    /// let set = |name| Names { set: vec![Name::fixed(name)], removed: Vec::new() };
    /// let clash = Clash { name: Name::fixed("A"), of: vec![0, 2, 3] };
    /// assert_eq!(Names::clashes(&[&set("A"), &set("B"), &set("A"), &set("A")]), [clash]);
    /// ```
    #[must_use]
    pub fn clashes(all: &[&Self]) -> Vec<Clash> {
        let mut order: Vec<&Name> = Vec::new();
        let mut uses: HashMap<&Name, BTreeSet<usize>> = HashMap::new();
        let mut set: HashSet<&Name> = HashSet::new();
        for (index, names) in all.iter().enumerate() {
            set.extend(&names.set);
            for name in names.set.iter().chain(&names.removed) {
                let results = uses.entry(name).or_default();
                if results.insert(index) && results.len() == 2 {
                    order.push(name);
                }
            }
        }
        let mut clashes: Vec<(&Name, &BTreeSet<usize>)> = Vec::new();
        for name in order.into_iter().filter(|name| set.contains(name)) {
            if let Some(of) = uses.get(name)
                && !clashes.iter().any(|(_, known)| of.is_subset(known))
            {
                clashes.retain(|(_, known)| !known.is_subset(of));
                clashes.push((name, of));
            }
        }
        let clash =
            |(name, of): (&Name, &BTreeSet<usize>)| Clash { name: name.clone(), of: of.iter().copied().collect() };
        clashes.into_iter().map(clash).collect()
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
        Names::clashes(all).iter().map(|it| format!("{} {:?}", it.name, it.of)).collect()
    }

    #[test]
    fn what_one_sets_another_neither_sets_nor_removes() {
        let (a, b) = (names(&["A", "X"], &["C", "X"]), names(&["B"], &["C"]));
        assert!(clashes(&[&a, &b]).is_empty(), "one may remove what it sets, and two the same");
        assert_eq!(clashes(&[&a, &names(&["C"], &[])]), ["C [0, 1]"]);
        assert_eq!(clashes(&[&a, &names(&[], &["A"])]), ["A [0, 1]"]);
        assert_eq!(clashes(&[&a, &b, &names(&["B", "A"], &[])]), ["B [1, 2]", "A [0, 2]"]);
        assert_eq!(clashes(&[&a, &names(&["A", "X"], &[])]), ["A [0, 1]"], "one for the same results");
        assert_eq!(clashes(&[&a, &a, &names(&["Z"], &[]), &a]), ["A [0, 1, 3]"], "all of them");
        let (c, d) = (names(&["A", "Q"], &[]), names(&["Q"], &[]));
        assert_eq!(clashes(&[&c, &c, &d]), ["Q [0, 1, 2]"], "a larger group has the smaller ones in it");
    }
}
