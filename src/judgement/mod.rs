//! What `explain` says: a verdict, the checks that lead to it, and what else is worth knowing.

mod text;

use serde_json::{Value, json};

use crate::diagnostic::printable;
use crate::error::Exit;

/// Whether the rule lets the token in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Accepted,
    /// It does not.
    Refused,
    /// It turns on something that the token does not show.
    CannotTell,
}

impl Verdict {
    /// The exit code that says it.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Accepted => Exit::Done,
            Self::Refused => Exit::Refused,
            Self::CannotTell => Exit::CannotTell,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// How one check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// The token does not show it.
    Unknown,
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Fails => "✗",
            Self::Unknown => "?",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Unknown => "cannot tell",
        }
    }
}

/// One thing that was checked, with the things that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// How it came out.
    pub mark: Mark,
    /// What it is, in one line.
    pub title: String,
    /// Labelled lines below it: `wanted`, `presented`, `because`, …
    pub facts: Vec<Fact>,
    /// What it is made of.
    pub parts: Vec<Self>,
}

/// A labelled line of a [`Check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    label: &'static str,
    text: String,
    /// From which character on it differs from what it is compared with.
    parts_at: Option<usize>,
}

impl Check {
    /// A check without facts or parts so far.
    #[must_use]
    pub fn new(mark: Mark, title: impl Into<String>) -> Self {
        Self { mark, title: title.into(), facts: Vec::new(), parts: Vec::new() }
    }

    /// Adds a labelled line.
    #[must_use]
    pub fn fact(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.facts.push(Fact { label, text: text.into(), parts_at: None });
        self
    }

    /// Adds what was wanted (any one of these; `*` and `?` may stand for something) and what was presented, with a mark
    /// below the character from which the nearest of the wanted differs.
    #[must_use]
    pub fn compared(mut self, wanted: &[String], presented: &str) -> Self {
        // As it will be shown, without control characters.
        let shown = printable(presented);
        let nearest = wanted.iter().map(|wanted| common(wanted, &shown)).max();
        self.facts.extend(wanted.iter().map(|text| Fact { label: "wanted", text: text.clone(), parts_at: None }));
        let parts_at = nearest.filter(|_| self.mark == Mark::Fails);
        self.facts.push(Fact { label: "presented", text: presented.into(), parts_at });
        self
    }

    /// Adds what it is made of.
    #[must_use]
    pub fn parts(mut self, parts: impl IntoIterator<Item = Self>) -> Self {
        self.parts.extend(parts);
        self
    }

    fn json(&self) -> Value {
        let facts: Vec<Value> = self.facts.iter().map(|fact| json!({ fact.label: fact.text })).collect();
        let parts: Vec<Value> = self.parts.iter().map(Self::json).collect();
        json!({ "result": self.mark.word(), "check": self.title, "facts": facts, "parts": parts })
    }
}

/// How many characters at the beginning of `text` the pattern agrees with, `*` and `?` standing for something.
fn common(pattern: &str, text: &str) -> usize {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Each state is a place in the pattern; all that can be reached with the text so far are kept.
    let mut states = vec![0];
    for (read, letter) in text.iter().enumerate() {
        let mut next = Vec::new();
        let mut index = 0;
        while let Some(&state) = states.get(index) {
            index += 1;
            match pattern.get(state) {
                Some('*') => {
                    next.push(state);
                    if !states.contains(&(state + 1)) {
                        states.push(state + 1);
                    }
                }
                Some('?') => next.push(state + 1),
                Some(wanted) if wanted == letter => next.push(state + 1),
                _ => {}
            }
        }
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return read;
        }
        states = next;
    }
    text.len()
}

/// All that `explain` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the token is let in.
    pub verdict: Verdict,
    /// The verdict in one line, without a full stop: `the trust policy lets this token in`.
    pub title: String,
    /// What was checked, in the provider's order.
    pub checks: Vec<Check>,
    /// What is wrong or dangerous in the rule whatever the token says, a sentence each.
    pub lints: Vec<String>,
    /// What the verdict does not cover, and what to do, a sentence each.
    pub notes: Vec<String>,
}

impl Judgement {
    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        text::layout(self)
    }

    /// The same for a program: one JSON object, with a line feed after it.
    #[must_use]
    pub fn json(&self) -> String {
        format!("{:#}\n", self.value())
    }

    /// The same as a part of another object.
    #[must_use]
    pub fn value(&self) -> Value {
        let checks: Vec<Value> = self.checks.iter().map(Check::json).collect();
        json!({
            "verdict": self.verdict.word(), "title": self.title, "checks": checks, "lints": self.lints, "notes": self.notes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_agrees_up_to_where_it_parts() {
        assert_eq!(common("abc", "abd"), 2);
        assert_eq!(common("a*d", "abcx"), 4);
        assert_eq!(common("a*c?x", "abcdy"), 5, "the star may stand for all of it");
        assert_eq!(common("a?c", "abd"), 2);
        assert_eq!(common("", "x"), 0);
        assert_eq!(common("ref:heads/*", "ref:tags/v1"), 4);
        assert_eq!(common("日本*", "日木"), 1);
    }

    proptest::proptest! {
        #[test]
        fn agreement_ends_within_the_text(pattern in "[ab*?]{0,12}", text in "[ab]{0,12}") {
            proptest::prop_assert!(common(&pattern, &text) <= text.len());
        }
    }
}
