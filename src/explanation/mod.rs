//! What `explain` says: a verdict, the checks that lead to it, and what else is worth knowing.

pub mod ternary;
mod text;

use serde_json::{Value, json};

use crate::error::Exit;
use crate::text::printable;

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
///
/// ```
/// use oidc_exchange::explanation::{Check, Mark};
///
/// let holds = Check::new(Mark::Holds, "`aud` is the audience");
/// let fails = Check::new(Mark::Fails, "`sub` is the branch").fact("presented", "refs/heads/topic");
/// assert_eq!(Check::all("the condition", vec![holds, fails]).mark, Mark::Fails);
/// ```
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
        Self { mark, title: clipped(title.into()), facts: Vec::new(), parts: Vec::new() }
    }

    /// A check that is made of others: it holds if all of them do, and fails if one of them does.
    #[must_use]
    pub fn all(title: impl Into<String>, parts: Vec<Self>) -> Self {
        Self::new(ternary::all(&mut parts.iter().map(|part| part.mark)), title).parts(parts)
    }

    /// Adds a labelled line.
    #[must_use]
    pub fn fact(self, label: &'static str, text: impl Into<String>) -> Self {
        self.with(Fact { label, text: clipped(text.into()), parts_at: None })
    }

    /// Called from everywhere: once is enough.
    #[inline(never)]
    fn with(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// Adds what was wanted (any one of these; `*` and `?` may stand for something) and what was presented, with a mark
    /// below the character from which the nearest of the wanted differs.
    #[must_use]
    pub fn compared(self, wanted: &[String], presented: &str) -> Self {
        self.compared_by(common, wanted, presented)
    }

    /// Adds what was wanted and what was presented, as [`Check::compared`] does, where `*` and `?` stand for themselves.
    #[must_use]
    pub fn compared_literally(self, wanted: &[String], presented: &str) -> Self {
        self.compared_by(common_literally, wanted, presented)
    }

    fn compared_by(mut self, common: fn(&str, &str) -> usize, wanted: &[String], presented: &str) -> Self {
        let fails = self.mark == Mark::Fails;
        // As it will be shown, without control characters.
        let shown = printable(presented);
        let parts_at = wanted.iter().filter(|_| fails).map(|wanted| common(wanted, &shown)).max();
        let parts_at = parts_at.filter(|at| *at < LONGEST);
        self.facts.extend(wanted.iter().map(|text| Fact {
            label: "wanted",
            text: clipped(text.clone()),
            parts_at: None,
        }));
        self.facts.push(Fact { label: "presented", text: clipped(presented.into()), parts_at });
        self
    }

    /// Adds the checks that this one is made of.
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

/// A claim has no bound but the token's, and a rule may quote it in each of its lines: what is shown of one text has this many
/// characters. No rule of a provider compares as many.
const LONGEST: usize = 4096;

/// The beginning of `text`, with its length if that is not all.
fn clipped(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

/// How many characters both begin with.
fn common_literally(wanted: &str, text: &str) -> usize {
    wanted.chars().zip(text.chars()).take_while(|(wanted, letter)| wanted == letter).count()
}

/// How many characters at the beginning of `text` the pattern agrees with, `*` and `?` standing for something.
///
/// The time is bounded by the product of both lengths.
fn common(pattern: &str, text: &str) -> usize {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut read = 0;
    // Whether each place in the pattern can be reached with the text so far.
    let mut places = vec![false; pattern.len() + 1];
    places[0] = true;
    for letter in text.chars() {
        let mut next = vec![false; places.len()];
        for (at, wanted) in pattern.iter().enumerate() {
            match wanted {
                _ if !places[at] => {}
                '*' => {
                    next[at] = true;
                    places[at + 1] = true;
                }
                '?' => next[at + 1] = true,
                wanted => next[at + 1] |= *wanted == letter,
            }
        }
        if !next.contains(&true) {
            return read;
        }
        places = next;
        read += 1;
    }
    read
}

/// All that `explain` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
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

impl Explanation {
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
        assert_eq!(
            (common_literally("a*", "ab"), common_literally("a*", "a*b"), common_literally("日", "日")),
            (1, 2, 1)
        );
    }

    proptest::proptest! {
        #[test]
        fn agreement_ends_within_the_text(pattern in "[ab*?]{0,12}", text in "[ab]{0,12}") {
            proptest::prop_assert!(common(&pattern, &text) <= text.len());
        }
    }
}
