//! The output of `explain`: a verdict, its checks, and other findings.

pub mod ternary;
mod text;

use serde_json::{Value, json};

use crate::error::Exit;
use crate::text::{printable, readable_json};

/// Whether the rule allows the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule allows it.
    Accepted,
    /// The rule does not allow it.
    Refused,
    /// The result depends on something that the token does not show.
    CannotTell,
}

impl Verdict {
    /// The exit code for it.
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

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The check passed.
    Holds,
    /// The check failed.
    Fails,
    /// The token does not show the result.
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

/// A check, with the checks that it consists of.
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
    /// Its result.
    pub mark: Mark,
    /// What is checked, in one line.
    pub title: String,
    /// Labelled lines: `wanted`, `presented`, `because`, …
    pub facts: Vec<Fact>,
    /// The checks that it consists of.
    pub parts: Vec<Self>,
}

/// A labelled line of a [`Check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    label: &'static str,
    text: String,
    /// The index of the first character that differs from the expected value.
    parts_at: Option<usize>,
}

impl Check {
    /// A check without facts and parts.
    #[must_use]
    pub fn new(mark: Mark, title: impl Into<String>) -> Self {
        Self { mark, title: clipped(title.into()), facts: Vec::new(), parts: Vec::new() }
    }

    /// A check that consists of others. It passes if all of them pass, and fails if one fails.
    #[must_use]
    pub fn all(title: impl Into<String>, parts: Vec<Self>) -> Self {
        Self::new(ternary::all(&mut parts.iter().map(|part| part.mark)), title).parts(parts)
    }

    /// Adds a labelled line.
    #[must_use]
    pub fn fact(self, label: &'static str, text: impl Into<String>) -> Self {
        self.with(Fact { label, text: clipped(text.into()), parts_at: None })
    }

    /// Many functions call this: inlining would make the binary larger.
    #[inline(never)]
    fn with(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// Adds the expected values (any of them; `*` and `?` are wildcards) and the presented value. A mark shows the
    /// first character that differs from the most similar expected value.
    #[must_use]
    pub fn compared(self, wanted: &[String], presented: &str) -> Self {
        self.compared_by(common, wanted, presented)
    }

    /// The same as [`Check::compared`], but `*` and `?` are not wildcards.
    #[must_use]
    pub fn compared_literally(self, wanted: &[String], presented: &str) -> Self {
        self.compared_by(common_literally, wanted, presented)
    }

    fn compared_by(mut self, common: fn(&str, &str) -> usize, wanted: &[String], presented: &str) -> Self {
        let fails = self.mark == Mark::Fails;
        // The text as shown, without control characters.
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

    /// Adds checks that this one consists of.
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

/// The longest shown text, in characters. A claim may be as long as the token, and a rule may contain it in each of
/// its lines. No provider compares texts of this length.
const LONGEST: usize = 4096;

/// The start of `text`, with its length if it was shortened.
fn clipped(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

/// The length of the common prefix, in characters.
fn common_literally(wanted: &str, text: &str) -> usize {
    wanted.chars().zip(text.chars()).take_while(|(wanted, letter)| wanted == letter).count()
}

/// The number of characters at the start of `text` that match the pattern, with `*` and `?` as wildcards.
///
/// The time is limited by the product of both lengths.
fn common(pattern: &str, text: &str) -> usize {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut read = 0;
    // Whether each position in the pattern is reachable with the text so far.
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

/// The result of `explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the token is allowed.
    pub verdict: Verdict,
    /// The verdict in one line, without a full stop: `the trust policy allows this token`.
    pub title: String,
    /// The checks, in the provider's order.
    pub checks: Vec<Check>,
    /// Faults and risks in the rule that do not depend on the token, one sentence each.
    pub lints: Vec<String>,
    /// Limits of the verdict, and hints, one sentence each.
    pub notes: Vec<String>,
}

impl Explanation {
    /// The explanation as text.
    #[must_use]
    pub fn text(&self) -> String {
        text::layout(self)
    }

    /// The explanation as a JSON object, with a line feed at the end.
    #[must_use]
    pub fn json(&self) -> String {
        format!("{}\n", readable_json(&format!("{:#}", self.value())))
    }

    /// The explanation as a part of another JSON object.
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
