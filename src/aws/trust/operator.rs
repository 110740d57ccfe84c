//! Condition operators.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

/// An operator, with its prefix and suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    /// Its name as written.
    pub(super) name: String,
    /// `ForAllValues:` or `ForAnyValue:`, if any.
    pub(super) set: Option<Set>,
    /// How one value is compared.
    pub(super) test: Test,
    /// Whether it holds if nothing matches.
    pub(super) negated: bool,
    /// `…IfExists`.
    pub(super) if_exists: bool,
}

/// How several values of one key are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// Every value must match. It also holds without values.
    All,
    /// At least one value must match.
    Any,
}

/// How one value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Exactly equal.
    Equals,
    /// Equal, ignoring case.
    EqualsIgnoringCase,
    /// A pattern with `*` and `?`.
    Like,
    /// `true` or `false`.
    Bool,
    /// Whether the key is missing.
    Null,
    /// Numbers, dates and others, which do not occur in tokens.
    Other(&'static str),
}

const OPERATORS: [(&str, Test, bool); 27] = [
    ("StringEquals", Test::Equals, false),
    ("StringNotEquals", Test::Equals, true),
    ("StringEqualsIgnoreCase", Test::EqualsIgnoringCase, false),
    ("StringNotEqualsIgnoreCase", Test::EqualsIgnoringCase, true),
    ("StringLike", Test::Like, false),
    ("StringNotLike", Test::Like, true),
    ("Bool", Test::Bool, false),
    ("Null", Test::Null, false),
    ("NumericEquals", Test::Other("numbers"), false),
    ("NumericNotEquals", Test::Other("numbers"), true),
    ("NumericLessThan", Test::Other("numbers"), false),
    ("NumericLessThanEquals", Test::Other("numbers"), false),
    ("NumericGreaterThan", Test::Other("numbers"), false),
    ("NumericGreaterThanEquals", Test::Other("numbers"), false),
    ("DateEquals", Test::Other("dates"), false),
    ("DateNotEquals", Test::Other("dates"), true),
    ("DateLessThan", Test::Other("dates"), false),
    ("DateLessThanEquals", Test::Other("dates"), false),
    ("DateGreaterThan", Test::Other("dates"), false),
    ("DateGreaterThanEquals", Test::Other("dates"), false),
    ("BinaryEquals", Test::Other("bytes"), false),
    ("IpAddress", Test::Other("addresses"), false),
    ("NotIpAddress", Test::Other("addresses"), true),
    ("ArnEquals", Test::Other("ARNs"), false),
    ("ArnLike", Test::Other("ARNs"), false),
    ("ArnNotEquals", Test::Other("ARNs"), true),
    ("ArnNotLike", Test::Other("ARNs"), true),
];

impl Operator {
    /// Parses an operator's name, ignoring case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let (set, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Set::All), rest),
            Some(("foranyvalue", rest)) => (Some(Set::Any), rest),
            Some(_) => return None,
            None => (None, lower.as_str()),
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let (_, test, negated) = OPERATORS.into_iter().find(|(known, ..)| known.eq_ignore_ascii_case(rest))?;
        // `Null` itself tests whether the key exists.
        if test == Test::Null && (if_exists || set.is_some()) {
            return None;
        }
        Some(Self { name: name.to_owned(), set, test, negated, if_exists })
    }

    /// Whether variables in its values are replaced.
    pub(super) fn takes_variables(&self) -> bool {
        matches!(self.test, Test::Equals | Test::EqualsIgnoringCase | Test::Like)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_has_a_set_before_it_and_a_clause_after_it() {
        let read = Operator::parse("ForAllValues:StringNotLikeIfExists").unwrap();
        assert_eq!((read.set, read.test, read.negated, read.if_exists), (Some(Set::All), Test::Like, true, true));
        let read = Operator::parse("foranyvalue:stringequals").unwrap();
        assert_eq!((read.set, read.test, read.negated, read.if_exists), (Some(Set::Any), Test::Equals, false, false));
        assert!(Operator::parse("BoolIfExists").is_some_and(|read| !read.takes_variables()));
    }

    #[test]
    fn what_iam_has_no_such_operator_for_is_none() {
        for name in [
            "",
            "StringMatches",
            "StringEqual",
            "ForSomeValues:StringEquals",
            "NullIfExists",
            "ForAnyValue:Null",
            "IfExists",
        ] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }
}
